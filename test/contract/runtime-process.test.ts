import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Language } from "../../src/core/shared/ports.ts";
import { runtimeContract, sandboxes } from "./runtime.ts";
import {
  createHarness,
  findMemoryObstacle,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "./runtime-harness.ts";
import { nodejs, python3 } from "./runtime-sources.ts";

const obstacle = await findObstacle();
const memoryObstacle = await findMemoryObstacle();

/** Functions that write by name, themselves and through a shell. */
const openers: [Language, string][] = [
  [
    "nodejs",
    `const fs = require("node:fs");
     const { execSync } = require("node:child_process");
     module.exports = () => {
       fs.writeFileSync("/dev/stderr", "own\\n");
       execSync("echo out > /dev/stdout; echo err > /dev/stderr; sh -c 'echo inner >> /proc/self/fd/2'", { stdio: "inherit" });
     };`,
  ],
  [
    "python3",
    `import os
def handle(context, payload):
    with open("/dev/stderr", "w") as stream: print("own", file=stream)
    os.system("echo out > /dev/stdout; echo err > /dev/stderr; sh -c 'echo inner >> /proc/self/fd/2'")`,
  ],
];

const opensItsOutputs = async ({ runtime }: Harness, language: Language, source: string): Promise<void> => {
  const worker = await startFunction(runtime, language, source);
  for (let times = 0; times < 2; times += 1) {
    expect((await run(worker)).logs).toEqual({ stdout: ["out"], stderr: ["own", "err", "inner"] });
  }
  await worker.stop("retired");
};

describe.skipIf(obstacle !== undefined)(suiteName("the process runtime", obstacle), () => {
  describe("running Node.js", () => runtimeContract("nodejs", nodejs, sandboxes("nodejs", memoryObstacle)));
  describe("running Python", () => runtimeContract("python3", python3, sandboxes("python3", memoryObstacle)));

  test("Python finds the names in collections that packages of the published base image's time import", async () => {
    const harness = await createHarness();
    const source = `from collections import Callable, Mapping, MutableMapping, OrderedDict
def handle(context, payload):
    return [isinstance(payload, Mapping), isinstance(handle, Callable), issubclass(OrderedDict, MutableMapping)]`;
    const worker = await startFunction(harness.runtime, "python3", source);
    expect(await run(worker, {})).toMatchObject({ output: "[true,true,true]" });
    await harness.close();
  });

  describe("what Node.js allows", () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await createHarness();
    });
    afterAll(() => harness.close());

    test.each([
      ["an ES module", "hello.mjs", "export default (context, payload) => payload;"],
      ["an ES module in a .js file", "hello.js", "export const handler = (context, payload) => payload;"],
      ["CommonJS", "hello.cjs", "exports.handler = (context, payload) => payload;"],
      ["TypeScript", "hello.ts", "export default (context: object, payload: number): number => payload;"],
      [
        "a handler without its ending",
        "lib/hello.js",
        "module.exports = (context, payload) => payload;",
        "./lib/hello",
      ],
    ])("%s is a function", async (_name, file, source, handler = `./${file}`) => {
      const worker = await startFunction(harness.runtime, "nodejs", "", { handler, files: { [file]: source } });
      expect((await run(worker, 7)).output).toBe("7");
    });

    test("a syntax error of an ES module names its line", async () => {
      const files = { "hello.mjs": "export default 1;\nretrun a x\n" };
      const loading = startFunction(harness.runtime, "nodejs", "", { handler: "./hello.mjs", files });
      await expect(loading).rejects.toThrow(/hello\.mjs:2\n[\s\S]*SyntaxError/);
    });

    test("an exception outside of the handler's call fails the run and ends the worker", async () => {
      const source = `module.exports = () => new Promise(() => setTimeout(() => { throw new TypeError("too late"); }, 1));`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      expect((await run(worker)).error).toMatchObject({ type: "FunctionError", message: "too late" });
      expect((await worker.exited).reason).toBe("exited");
    });

    test("a rejection that nobody handles fails the run and ends the worker", async () => {
      const source = `module.exports = () => new Promise(() => { Promise.reject(new Error("unhandled")); setInterval(() => {}, 1000); });`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      expect((await run(worker)).error).toMatchObject({ type: "FunctionError", message: "unhandled" });
      expect((await worker.exited).reason).toBe("exited");
    });

    test("an error that calls itself InputError is one", async () => {
      const source = `module.exports = () => { throw Object.assign(new Error("no name given"), { name: "InputError" }); };`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      expect((await run(worker)).error).toMatchObject({ type: "InputError", message: "no name given" });
    });

    test("output of the function's child processes belongs to the run", async () => {
      const source = `module.exports = () => { require("node:child_process").execSync("echo from a child", { stdio: "inherit" }); };`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      expect((await run(worker)).logs.stdout).toEqual(["from a child"]);
    });

    test("a function that closed its stdout still ends its runs", async () => {
      const source = `require("node:fs").closeSync(1); module.exports = () => { console.log("heard"); return 1; };`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      for (let at = 0; at < 2; at += 1) {
        const { output, logs } = await run(worker);
        expect(output).toBe("1");
        expect(logs.stdout).toEqual(["heard"]);
      }
    });
  });

  test.each(openers)("%s: a function and its children open /dev/stdout and /dev/stderr", async (language, source) => {
    const harness = await createHarness();
    await opensItsOutputs(harness, language, source);
    await harness.close();
  });

  test("what Python raises to leave a process is the run's error, and the worker goes on", async () => {
    const harness = await createHarness();
    const source = "import sys\ndef handle(context, code):\n    if code: sys.exit(code)";
    const worker = await startFunction(harness.runtime, "python3", source);
    expect((await run(worker, 4)).error?.message).toBe("the function ended its process (exit code 4)");
    expect((await run(worker, 0)).output).toBe("null");
    await harness.close();
  });
});

describe("without a sandbox", () => {
  test.each(openers)("%s: a function and its children open /dev/stdout and /dev/stderr", async (language, source) => {
    const harness = await createHarness({ mode: "none" });
    await opensItsOutputs(harness, language, source);
    await harness.close();
  });

  test("functions run as plain processes with a clean environment", async () => {
    const harness = await createHarness({ mode: "none" });
    const { problems, warnings } = await harness.runtime.check();
    expect(problems).toEqual([]);
    expect(warnings[0]).toContain("--sandbox none");
    const worker = await startFunction(
      harness.runtime,
      "nodejs",
      "module.exports = () => Object.keys(process.env).sort();",
    );
    expect((await run(worker)).output).toBe('["HOME","LANG","PATH","TMPDIR"]');
    const python = await startFunction(harness.runtime, "python3", "def handle(c, p): return p");
    expect((await run(python, 5)).output).toBe("5");
    await harness.close();
  });
});
