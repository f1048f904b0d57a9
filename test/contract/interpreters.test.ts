/** A base image names its interpreter: real second ones, which run functions, what these start, and install scripts. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findNpm } from "../../src/adapters/installers/npm-location.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { encodeBundle } from "../../src/core/functions/bundle.ts";
import type { Builder, BuiltImage, Language } from "../../src/core/shared/ports.ts";
import { ignore, imageSpec } from "./builder.ts";
import {
  createHarness,
  evaluate,
  findObstacle,
  type Harness,
  run,
  silent,
  startFunction,
  suiteName,
} from "./runtime-harness.ts";

const obstacle = await findObstacle();
const python = await findInterpreter("python3");
const java = await findInterpreter("java");

/** The version of a JDK besides the usual one; undefined where there is none. */
const otherJava = await (async () => {
  const usual = java.found ? Number.parseInt(java.interpreter.version, 10) : 0;
  const versions = [17, 21, 25].filter((version) => version !== usual);
  const searches = await Promise.all(versions.map((version) => findInterpreter("java", String(version))));
  return versions.find((_, index) => searches[index]?.found);
})();

/** What file the interpreter of a function is, and that of the program which the function finds on its PATH. */
const PYTHON = `
import os, subprocess
SCRIPT = "import os; print(os.stat('/proc/self/exe').st_ino)"
def handle(context, payload):
    own = os.stat("/proc/self/exe").st_ino
    return [own, int(subprocess.run(["python3", "-c", SCRIPT], capture_output=True, text=True, check=True).stdout)]
`;
const INSTALL =
  "mkdir -p node_modules/seen && node -p 'fs.statSync(process.execPath).ino' > node_modules/seen/ino.json";

describe.skipIf(obstacle !== undefined)(suiteName("a base image's interpreter", obstacle), () => {
  let harness: Harness;
  let builder: Builder;
  let folder: string;

  beforeAll(async () => {
    harness = await createHarness();
    builder = createLocalBuilder({ folder: join(harness.folder, "images"), sandbox: harness.sandbox, log: silent });
    folder = mkdtempSync("/var/tmp/dispatch-interpreters-"); // sandboxes have a /tmp of their own
    chmodSync(folder, 0o755);
  });
  afterAll(async () => {
    await harness.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const copyOf = (program: string, name: string): string => {
    const copy = join(folder, name);
    copyFileSync(program, `${copy}.draft`);
    renameSync(`${copy}.draft`, copy);
    return copy;
  };
  const build = (language: Language, interpreter: string, manifest = ""): Promise<BuiltImage> =>
    builder.build({ ...imageSpec(language, manifest), interpreter }, ignore);
  const check = (interpreter: string, language: Language = "python3") =>
    builder.check({ image: "dispatchframework/python3-base", language, interpreter });
  const inode = (path: string) => statSync(path).ino;

  describe.skipIf(!python.found)(suiteName("of Python", python.found ? undefined : python.reason), () => {
    const usual = python.found ? python.interpreter : { command: "", version: "" };
    const pythonOf = (image: BuiltImage) => evaluate(harness.runtime, "python3", PYTHON, { image });

    test("runs the function, and is the python3 on its PATH", async () => {
      const copy = copyOf(usual.command, "python3");
      expect(await pythonOf(await build("python3", copy))).toEqual([inode(copy), inode(copy)]);
      expect(await pythonOf(await builder.build(imageSpec("python3", ""), ignore))).toEqual(
        Array(2).fill(inode(usual.command)),
      );
    });

    test("is found by a version, however many of its parts are given", async () => {
      const [major, minor] = usual.version.split(".");
      for (const version of [usual.version, `${major}.${minor}`])
        expect(await check(version)).toMatchObject({ available: true, version: expect.stringContaining(version) });
    });

    test("that is not there is said, with those that are", async () => {
      const others = expect.stringContaining(`${usual.version} (`);
      const reason = "Python 3.99 was not found on this machine";
      expect(await check("3.99")).toEqual({ available: false, reason, remedy: others });
      const gone = join(folder, "python3.99");
      expect(await check(gone)).toEqual({ available: false, reason: `${gone} is not on this machine`, remedy: others });
      await expect(build("python3", "3.99")).rejects.toThrow(`${reason}. Remedy: install it`);
    });

    test("that was replaced serves the next worker; one that went is said when a worker starts", async () => {
      const copy = copyOf(usual.command, "python3.9");
      const image = await build("python3", copy);
      const before = inode(copy);
      expect(await pythonOf(image)).toEqual([before, before]);
      copyOf(usual.command, "python3.9");
      expect(inode(copy)).not.toBe(before);
      expect(await pythonOf(image)).toEqual([inode(copy), inode(copy)]);
      rmSync(copy);
      await expect(pythonOf(image)).rejects.toThrow(`${copy} is not on this machine`);
      expect(await builder.holds(image)).toBe(true);
    });

    test("of another version than the image was made for has the image made again, a patch release does not", async () => {
      const image = await builder.build(imageSpec("python3", ""), ignore);
      const line = usual.version.split(".").slice(0, 2).join(".");
      const madeFor = (version: string): BuiltImage => ({ ...image, madeFor: { language: "python3", version } });
      expect(image.madeFor).toEqual({ language: "python3", version: usual.version });
      expect(await builder.holds(madeFor(`${line}.999`))).toBe(true);
      expect(await builder.holds(madeFor("3.1.4"))).toBe(false);
    });

    test("must be one that only the administrator of the machine can change", async () => {
      mkdirSync(join(folder, "open"));
      chmodSync(join(folder, "open"), 0o777);
      const open = copyOf(usual.command, "open/python3");
      const reason = `others than this machine's administrator may change ${join(folder, "open")}`;
      expect(await check(open)).toMatchObject({ available: false, reason });
      symlinkSync(open, join(folder, "python3.10"));
      expect(await check(join(folder, "python3.10"))).toMatchObject({ available: false, reason });
      symlinkSync("/bin/sh", join(folder, "python3.11"));
      const shell = expect.stringContaining("sh is not called as an interpreter of Python is");
      expect(await check(join(folder, "python3.11"))).toMatchObject({ available: false, reason: shell });
    });

    test("must lie where sandboxes can see it", async () => {
      const hidden = mkdtempSync("/tmp/dispatch-interpreters-");
      const program = join(hidden, "python3");
      copyFileSync(usual.command, program);
      const reason = `${program} cannot be seen in sandboxes, which have a /tmp of their own`;
      expect(await check(program)).toMatchObject({ available: false, reason });
      rmSync(hidden, { recursive: true });
    });

    test("is never looked for among what packages brought", async () => {
      const inside = join(harness.folder, "images", "python3");
      copyFileSync(usual.command, inside);
      const reason = `${inside} lies in the server's data folder`;
      expect(await check(inside)).toMatchObject({ available: false, reason });
      await expect(build("python3", inside)).rejects.toThrow(reason);
    });
  });

  test.each(["/bin/sh", "/usr/sbin/reboot", "/"])("is not %s, which is never started", async (path) => {
    const reason = `${path} is not called as an interpreter of Python is`;
    expect(await check(path)).toEqual({ available: false, reason, remedy: "name one such as python3.12" });
  });

  const noNpm = findNpm(process.env) === undefined ? "npm is not on this machine" : undefined;
  test.skipIf(noNpm !== undefined)(suiteName("of Node.js runs install scripts, and the function", noNpm), async () => {
    const copy = copyOf(process.execPath, "node");
    const image = await build("nodejs", copy, JSON.stringify({ scripts: { install: INSTALL } }));
    const source = "module.exports = () => [require('fs').statSync(process.execPath).ino, require('seen/ino.json')];";
    expect(await evaluate(harness.runtime, "nodejs", source, { image })).toEqual([inode(copy), inode(copy)]);
  });

  const noJava = otherJava === undefined ? "there is one JDK on this machine" : undefined;
  test.skipIf(noJava !== undefined)(suiteName("of Java compiles the function, and runs it", noJava), async () => {
    const image = await build("java", String(otherJava));
    const source = `import java.util.function.BiFunction; import java.util.Map;
      public class Hello implements BiFunction<Map<String, Object>, Object, Object> {
        public Object apply(Map<String, Object> context, Object payload) { return Runtime.version().feature(); }
      }`;
    const files = [{ path: "Hello.java", mode: 0o644, bytes: Buffer.from(source) }];
    const compiled = await builder.compile({ organization: "test", language: "java", image, files });
    const worker = await startFunction(harness.runtime, "java", "", { image, bundle: encodeBundle(compiled ?? []) });
    expect(await run(worker)).toMatchObject({ output: String(otherJava) });
    await worker.stop("retired");
  });
});
