import { describe, expect, test } from "vitest";
import type { Language } from "../shared/ports.ts";
import { SourceError } from "../shared/source-file.ts";
import { resolveHandler } from "./handler.ts";

type Content = string | Record<string, string>;

/** `{path: text}`, or paths in one text divided by spaces. */
function source(content: Content) {
  const files =
    typeof content === "string"
      ? content
          .split(" ")
          .filter(Boolean)
          .map((path) => [path, ""] as const)
      : Object.entries(content);
  return files.map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) }));
}

describe("an empty handler means the only source file at the root", () => {
  test.each<[Language, Content, string]>([
    ["nodejs", "hello.js package.json lib/util.js", "./hello.js"],
    ["nodejs", "hello.mjs", "./hello.mjs"],
    ["nodejs", "hello.cjs", "./hello.cjs"],
    ["nodejs", "hello.ts types.d.ts", "./hello.ts"],
    ["nodejs", "hello.tsx types.d.mts", "./hello.tsx"],
    ["nodejs", "hello.mts", "./hello.mts"],
    ["nodejs", "hello.cts", "./hello.cts"],
    ["python3", "hello.py requirements.txt", "hello.handle"],
    ["powershell", "hello.ps1", "hello.ps1::handle"],
    ["java", { "Hello.java": "public class Hello {}" }, "Hello"],
    [
      "java",
      { "Hello.java": "/* package wrong; */\n// package wrong;\npackage io.dispatch.examples;\nclass Hello {}" },
      "io.dispatch.examples.Hello",
    ],
  ])("%s %j", (language, content, expected) => {
    expect(resolveHandler(language, "", source(content))).toBe(expected);
    expect(resolveHandler(language, "  ", source(content))).toBe(expected);
  });

  test.each<[Language, string, string]>([
    ["nodejs", "a.js b.ts", "found: a.js, b.ts"],
    ["nodejs", "README.md lib/a.js", "none was found"],
    ["python3", "a.py b.py c.py d.py e.py f.py g.py", "found: a.py, b.py, c.py, d.py, e.py and 2 more"],
    ["powershell", "a.sh", "none was found"],
    ["java", "A.java B.java", "found: A.java, B.java"],
  ])("%s refuses %s: %s", (language, content, found) => {
    const resolving = () => resolveHandler(language, "", source(content));
    expect(resolving).toThrow(SourceError);
    expect(resolving).toThrow(`Exactly 1 source file needed when HANDLER is empty; ${found}`);
  });
});

describe("a named handler resolves to what the worker loads", () => {
  test.each<[Language, string, string, string]>([
    ["nodejs", "./hello.js", "hello.js other.js", "./hello.js"],
    ["nodejs", "hello.js", "hello.js", "./hello.js"],
    ["nodejs", "hello", "hello.js hello.ts", "./hello.js"],
    ["nodejs", "./src/main", "src/main.ts", "./src/main.ts"],
    ["nodejs", "./main.create", "main.mts", "./main.mts.create"],
    ["nodejs", "src/", "src/index.js", "./src/index.js"],
    ["nodejs", "./vm.create", "vm.js", "./vm.js.create"],
    ["nodejs", "./vm.js.create", "vm.js other.js", "./vm.js.create"],
    ["nodejs", "vm.create", "vm/index.ts", "./vm/index.ts.create"],
    ["nodejs", "./vm.create", "vm.create.js vm.js", "./vm.create.js"],
    ["python3", "hello.handle", "hello.py", "hello.handle"],
    ["python3", "app.vm.create", "app/vm.py", "app.vm.create"],
    ["python3", "app.create", "app/__init__.py", "app.create"],
    ["java", "io.example.Hello", "src/main/java/io/example/Hello.java", "io.example.Hello"],
    ["java", "io.example.Outer$Inner", "Outer.java", "io.example.Outer$Inner"],
    ["powershell", "./hello.ps1::handle", "hello.ps1", "hello.ps1::handle"],
    ["powershell", "lib/hello.ps1::Get-Vm", "lib/hello.ps1", "lib/hello.ps1::Get-Vm"],
  ])("%s %s with %s is %s", (language, handler, content, expected) => {
    expect(resolveHandler(language, handler, source(content))).toBe(expected);
  });
});

describe("a wrong handler is refused with what was expected", () => {
  test.each<[Language, string, string]>([
    ["nodejs", "/etc/passwd", "is malformed: expected the path of a file in the source, for example ./hello.js"],
    ["python3", "hello", "is malformed: expected module.function"],
    ["python3", "hello.py.", "is malformed"],
    ["python3", "../hello.handle", "is malformed"],
    ["java", "io.example.", "is malformed: expected a class with its package"],
    ["powershell", "hello.ps1", "is malformed: expected file.ps1::function"],
  ])("%s %s", (language, handler, message) => {
    expect(() => resolveHandler(language, handler, source("hello.js"))).toThrow(message);
  });

  test("a missing file is named together with the likeliest ones", () => {
    const files = source("readme.md zebra.js hello.js");
    expect(() => resolveHandler("nodejs", "./helo.js", files)).toThrow(
      'The handler "./helo.js" names helo.js, which is not in the source. It has: hello.js, zebra.js.',
    );
  });

  test("a path that leads out of the source is not in it", () => {
    expect(() => resolveHandler("nodejs", "../hello.js", source("hello.js"))).toThrow("which is not in the source");
  });

  test("a source without any file of the language says so", () => {
    expect(() => resolveHandler("python3", "hello.handle", source("hello.js"))).toThrow("It has no such file at all.");
  });

  test("a handler of a megabyte is refused before it is searched for", () => {
    expect(() => resolveHandler("nodejs", "a".repeat(1_000_000), source("hello.js"))).toThrow(
      "longer than 1024 letters",
    );
  });
});
