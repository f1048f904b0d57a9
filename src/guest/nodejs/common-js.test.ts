import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireCommonJs } from "./common-js.ts";
import { handlerOf } from "./exports.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dispatch-common-js-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const write = (text: string, ending = "js"): string => {
  count += 1;
  const file = join(folder, `f${count}.${ending}`);
  writeFileSync(file, text);
  return file;
};

const returned = async (module: Readonly<Record<string, unknown>> | undefined, name?: string): Promise<unknown> => {
  try {
    return await handlerOf(module ?? {}, "./f.js", name)({}, {});
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the handler of a file of CommonJS is the one that `import` would give", () => {
  const cases: readonly (readonly [what: string, text: string, name?: string])[] = [
    ["a function", "module.exports = () => 1;"],
    ["an export called handler", "exports.handler = () => 2;"],
    ["a handler beside a function", "module.exports = () => 3; module.exports.handler = () => 4;"],
    [
      "a compiled ES module",
      "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => 5;",
    ],
    ["a named export", "exports.create = () => 6;", "create"],
    ["a method that needs its owner", "class A { n = 7; get() { return this.n; } } module.exports = new A();", "get"],
    ["a name that is not there", "exports.create = () => 8;", "remove"],
    ["nothing", "const nothing = 9;"],
    ["a class", "module.exports = class Handler {};"],
    ["no caller", "module.exports = () => [Boolean(module.parent), require.main === module];"],
    [
      "getters that nobody asked for",
      "Object.defineProperty(exports, 'slow', { enumerable: true, get() { throw 1; } }); exports.handler = () => 10;",
    ],
  ];
  for (const [what, text, name] of cases)
    test(what, async () => {
      const required = requireCommonJs(write(text), folder);
      expect(required).toBeDefined();
      const imported = (await import(pathToFileURL(write(text)).href)) as Record<string, unknown>;
      expect(await returned(required, name)).toEqual(await returned(imported, name));
    });
});

describe("left to `import`", () => {
  test.each([
    ["an ES module", "export default () => 1;", "js"],
    ["one that waits", "await null;", "js"],
    ["another ending", "module.exports = () => 1;", "mjs"],
    ["a word in a comment", "// what to import\nmodule.exports = () => 1;", "cjs"],
  ])("%s", (_, text, ending) => {
    expect(requireCommonJs(write(text, ending), folder)).toBeUndefined();
  });

  test("a .js file beside a package.json that may make it an ES module, but no .cjs file", () => {
    const text = "globalThis.loaded = true;";
    const manifest = join(folder, "package.json");
    writeFileSync(manifest, '{ "type": "module" }');
    try {
      expect(requireCommonJs(write(text), folder)).toBeUndefined();
      expect(requireCommonJs(write(text, "cjs"), folder)).toBeDefined();
    } finally {
      rmSync(manifest);
    }
  });
});

test("what its code throws is thrown", () => {
  expect(() => requireCommonJs(write("throw new TypeError('mine');"), folder)).toThrow(new TypeError("mine"));
});
