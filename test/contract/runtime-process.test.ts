import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runtimeContract, type Sources } from "./runtime.ts";
import {
  createHarness,
  findMemoryObstacle,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "./runtime-harness.ts";

const nodejs: Sources = {
  echo: "module.exports = (context, payload) => ({ context, payload });",
  nothing: "module.exports = () => {};",
  asynchronous:
    "module.exports = async (context, payload) => { await new Promise(setImmediate); return payload + 1; };",
  failing: `module.exports = (context, payload) => {
    if (payload === "input") throw new TypeError("the input is wrong");
    if (payload === "other") throw new Error("the function is wrong");
  };`,
  unserialisable: "module.exports = () => { const a = {}; a.a = a; return a; };",
  talking: `module.exports = async (context, n) => {
    console.log("out " + n);
    console.error("err " + n);
    await null;
    console.log("more " + n);
    process.stdout.write("rest " + n);
  };`,
  flooding: 'module.exports = (context, n) => { for (let i = 0; i < n; i += 1) console.log("x".repeat(100)); };',
  environment: "module.exports = () => process.env;",
  endless: "module.exports = () => { for (;;); };",
  counting: `let runs = 0;
    module.exports = async () => { if (runs === 0) await new Promise((go) => setTimeout(go, 50)); return (runs += 1); };`,
  exiting: 'module.exports = (context, code) => { console.log("last words"); process.exit(code); };',
  hungry: "module.exports = () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); };",
  longOutput: 'module.exports = (context, n) => "x".repeat(n);',
  rogue: `module.exports = () => { require("node:fs").writeSync(3, Buffer.from([64, 0, 0, 0, 0, 0, 0, 1, 18])); return new Promise(() => setInterval(() => {}, 1000)); };`,
  syntaxError: { source: "const a = 1;\n\nretrun a x\n", message: /hello\.js:3\n[\s\S]*SyntaxError/ },
  missingModule: {
    source: 'require("no-such-package");',
    message: /Cannot find module 'no-such-package'[\s\S]*hello\.js/,
  },
  noHandler: "module.exports = 42;",
  failsWhileLoading: { source: "\nnobody.home();", message: /ReferenceError: nobody is not defined[\s\S]*hello\.js:2/ },
  exitsWhileLoading: "process.exit(4);",
  sameInterpreter: `const { execFileSync } = require("node:child_process");
    module.exports = () => execFileSync("node", ["-p", "process.versions.node + require('greeter')('you')"], { encoding: "utf8" }).trim() === process.versions.node + "hello you";`,
  usesPackage: 'const greet = require("greeter"); module.exports = (context, name) => greet(name);',
  packageFiles: {
    "node_modules/greeter/package.json": '{"name": "greeter", "main": "main.js"}',
    "node_modules/greeter/main.js": 'module.exports = (name) => "hello " + name;',
  },
};

const python3: Sources = {
  echo: "def handle(context, payload):\n    return {'context': context, 'payload': payload}",
  nothing: "def handle(context, payload):\n    pass",
  asynchronous:
    "import asyncio\nasync def handle(context, payload):\n    await asyncio.sleep(0)\n    return payload + 1",
  failing: `def handle(context, payload):
    if payload == "input": raise ValueError("the input is wrong")
    if payload == "other": raise RuntimeError("the function is wrong")`,
  unserialisable: "def handle(context, payload):\n    return float('nan')",
  talking: `import sys
def handle(context, n):
    print("out", n)
    print("err", n, file=sys.stderr)
    print("more", n)
    print("rest", n, end="")`,
  flooding: "def handle(context, n):\n    for _ in range(n): print('x' * 100)",
  environment: "import os\ndef handle(context, payload):\n    return dict(os.environ)",
  endless: "def handle(context, payload):\n    while True: pass",
  counting: `import time
runs = 0
def handle(context, payload):
    global runs
    if runs == 0: time.sleep(0.05)
    runs += 1
    return runs`,
  exiting: "import os\ndef handle(context, code):\n    print('last words')\n    os._exit(code)",
  hungry:
    "def handle(context, payload):\n    everything = []\n    while True: everything.append(bytearray(b'x' * 4000000))",
  longOutput: "def handle(context, n):\n    return 'x' * n",
  rogue:
    "import os, time\ndef handle(context, payload):\n    os.write(3, bytes([64, 0, 0, 0, 0, 0, 0, 1, 18]))\n    time.sleep(60)",
  syntaxError: { source: "a = 1\n\ndef handle(a b): pass", message: /hello\.py", line 3[\s\S]*SyntaxError/ },
  missingModule: {
    source: "import no_such_module",
    message: /hello\.py", line 1[\s\S]*ModuleNotFoundError: No module named 'no_such_module'/,
  },
  noHandler: "def handle(context):\n    pass",
  failsWhileLoading: { source: "\nnobody.home()", message: /hello\.py", line 2[\s\S]*NameError/ },
  exitsWhileLoading: "import os\nos._exit(4)",
  sameInterpreter: `import subprocess, sys
def handle(context, payload):
    told = subprocess.check_output(["python3", "-c", "import sys, greeter; print(sys.version, greeter.greet('you'))"], text=True)
    return told.strip() == sys.version + " hello you"`,
  usesPackage: "import greeter\ndef handle(context, name):\n    return greeter.greet(name)",
  packageFiles: { "site-packages/greeter/__init__.py": "def greet(name):\n    return 'hello ' + name" },
};

const obstacle = await findObstacle();
const memoryObstacle = await findMemoryObstacle();

describe.skipIf(obstacle !== undefined)(suiteName("the process runtime", obstacle), () => {
  describe("running Node.js", () => runtimeContract("nodejs", nodejs, memoryObstacle));
  describe("running Python", () => runtimeContract("python3", python3, memoryObstacle));

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
      const source = `require("node:fs").closeSync(1); module.exports = () => 1;`;
      const worker = await startFunction(harness.runtime, "nodejs", source);
      expect((await run(worker)).output).toBe("1");
      expect((await run(worker)).output).toBe("1");
    });
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
  test("functions run as plain processes with a clean environment", async () => {
    const harness = await createHarness({ mode: "none" });
    const { problems, warnings } = await harness.runtime.check();
    expect(problems).toEqual([]);
    expect(warnings[0]).toContain("--sandbox none");
    const worker = await startFunction(harness.runtime, "nodejs", "module.exports = () => Object.keys(process.env);");
    expect((await run(worker)).output).toBe('["PATH","HOME","TMPDIR","LANG"]');
    const python = await startFunction(harness.runtime, "python3", "def handle(c, p): return p");
    expect((await run(python, 5)).output).toBe("5");
    await harness.close();
  });
});
