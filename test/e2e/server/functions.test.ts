/** Functions in every form a source may have, and what is said of those that cannot be built (server.md 4, decisions 9, 22, 23). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dispatch } from "../support/dispatch.ts";
import { serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs", "python3"]));
});

afterAll(() => server.dispose());

describe("a function is called with context and payload", () => {
  const esm = "export default async (context, payload) => ({ got: payload });";
  const sources = [
    ["CommonJS in .js", { "f.js": "module.exports = (context, payload) => ({ got: payload });" }, "", "nodejs"],
    ["CommonJS in .cjs", { "f.cjs": "exports.handler = (context, payload) => ({ got: payload });" }, "", "nodejs"],
    ["an ES module in .mjs", { "f.mjs": esm }, "", "nodejs"],
    ["an ES module in .js", { "f.js": esm, "package.json": '{"type":"module"}' }, "", "nodejs"],
    [
      "TypeScript",
      { "f.ts": "export default (context: object, payload: unknown) => ({ got: payload });" },
      "",
      "nodejs",
    ],
    ["Python", { "f.py": "def handle(context, payload):\n    return {'got': payload}\n" }, "", "python3"],
    [
      "asynchronous Python",
      { "f.py": "async def handle(context, payload):\n    return {'got': payload}\n" },
      "",
      "python3",
    ],
    [
      "a folder of Node.js files with a handler",
      { "lib/util.js": "exports.wrap = (got) => ({ got });", "src/main.js": mainOf("../lib/util.js"), "other.js": "0" },
      "./src/main.js",
      "nodejs",
    ],
    [
      "a folder of Python files with a handler",
      {
        "app/__init__.py": "",
        "app/main.py": "from .util import wrap\ndef go(c, p):\n    return wrap(p)\n",
        "app/util.py": "def wrap(p):\n    return {'got': p}\n",
      },
      "app.main.go",
      "python3",
    ],
  ] as const;

  test.each(sources)("as %s", async (what, files, handler, image) => {
    const name = what.replaceAll(/[^A-Za-z]+/g, "-");
    const built = await dispatch.createFunction(name, files, { handler, image });
    expect([built.status, built.reason]).toEqual(["READY", null]);
    const run = await dispatch.run(name, { who: "Ada", list: [1, null] });
    expect([run.status, run.output]).toEqual(["READY", { got: { who: "Ada", list: [1, null] } }]);
  });

  function mainOf(util: string): string {
    return `const { wrap } = require(${JSON.stringify(util)}); module.exports = (context, payload) => wrap(payload);`;
  }

  test("numbers, texts and deep values arrive and return as they were written", async () => {
    const { text } = await dispatch.post(
      "/v1/runs?functionName=CommonJS-in-js",
      '{"blocking":true,"input":{"big":12345678901234567890,"one":1.0,"text":"\\u00e9\\ud83d\\ude00"}}',
    );
    expect(text).toContain('"input":{"big":12345678901234567890,"one":1.0,"text":"\\u00e9\\ud83d\\ude00"}');
    expect((await dispatch.run("Python", 42)).output).toEqual({ got: 42 });
    expect((await dispatch.run("Python")).output).toEqual({ got: null });
  });

  test("nothing returned is null, so the run has no output", async () => {
    await dispatch.createFunction("nothing", { "f.js": "module.exports = () => {};" });
    const run = await dispatch.run("nothing");
    expect([run.status, "output" in run]).toEqual(["READY", false]);
  });
});

describe("a function that cannot be built is in ERROR with exactly one reason", () => {
  const broken = [
    [
      "no-such-image",
      { "f.js": "0" },
      { image: "nosuch" },
      /^Error when fetching image for function no-such-image: failed to get image: 'nosuch': \[Code: 404\] image nosuch not found$/,
    ],
    ["empty-image", { "f.js": "0" }, { image: "" }, /image {2}not found$/],
    [
      "two-files",
      { "a.js": "0", "b.js": "0" },
      {},
      /Exactly 1 source file needed when HANDLER is empty; found: a\.js, b\.js/,
    ],
    [
      "missing-file",
      { "hello.js": "0" },
      { handler: "./helo.js" },
      /"\.\/helo\.js" names helo\.js, which is not in the source\. It has: hello\.js\./,
    ],
    [
      "not-a-function",
      { "f.js": "module.exports = 1;" },
      {},
      /no function is exported[\s\S]*Invalid function file or handler$/,
    ],
    [
      "syntax",
      { "f.js": "\nmodule.exports = (" },
      {},
      /f\.js:\d[\s\S]*SyntaxError[\s\S]*Invalid function file or handler$/,
    ],
    [
      "throws",
      { "f.js": "throw new Error('at load');" },
      {},
      /Error: at load\n.*f\.js:1:7[\s\S]*Invalid function file or handler$/,
    ],
    ["missing-package", { "f.js": "require('left-pad');" }, {}, /Cannot find module 'left-pad'/],
    [
      "py-missing",
      { "f.py": "0" },
      { image: "python3", handler: "non_existent_file.handle" },
      /non_existent_file\.py, which is not in the source/,
    ],
    [
      "py-import",
      { "f.py": "import nosuch\ndef handle(c, p): pass\n" },
      { image: "python3" },
      /ModuleNotFoundError: No module named 'nosuch'\nInvalid function file or handler$/,
    ],
    [
      "py-syntax",
      { "f.py": "def handle(c, p)\n    pass\n" },
      { image: "python3" },
      /File "f\.py", line 1[\s\S]*SyntaxError: expected ':'/,
    ],
    [
      "py-arguments",
      { "f.py": "def handle(c):\n    pass\n" },
      { image: "python3" },
      /must take two parameters: \(context, payload\)/,
    ],
    ["py-name", { "f.py": "def other(c, p):\n    pass\n" }, { image: "python3" }, /f has no function handle/],
    [
      "source-url",
      {},
      { source: null, sourceURL: "es://11111111-2222-3333-4444-555555555555" },
      /there is no source: a sourceURL cannot be read/,
    ],
  ] as const;

  test.each(broken)("%s", async (name, files, fields, reason) => {
    const built = await dispatch.createFunction(name, files, fields);
    expect(built.status).toBe("ERROR");
    expect(built.reason).toEqual([expect.stringMatching(reason)]);
    const answer = await dispatch.post(`/v1/runs?functionName=${name}`, { blocking: true });
    expect([answer.status, answer.text]).toEqual([404, `{"code":404,"message":"function ${name} is not READY"}`]);
  });
});

describe("what a function may ask for", () => {
  test("environment variables of its own, and none of the server's", async () => {
    await dispatch.createFunction(
      "environment",
      { "f.js": "module.exports = () => process.env;" },
      { env: { COLOR: "green", EMPTY: "" } },
    );
    const { output } = await dispatch.run("environment");
    expect(output).toMatchObject({ COLOR: "green", EMPTY: "" });
    expect(Object.keys(output as object)).not.toContain("NODE_COMPILE_CACHE");
    expect(await dispatch.get("/v1/function/environment").then(({ text }) => text)).toContain('"env":{"COLOR":"green"');
  });

  test("a timeout: it ends the call, and the next one works", async () => {
    await dispatch.createFunction("slow", { "f.js": slow }, { timeout: 300 });
    const run = await dispatch.run("slow", { ms: 60_000 });
    expect(run).toMatchObject({
      status: "ERROR",
      error: { type: "FunctionError", message: "Function execution exceeded the timeout", stacktrace: null },
      reason: ["error running function: slow: Function execution exceeded the timeout"],
      logs: { stdout: ["before"], stderr: null },
    });
    expect(run.finishedTime).toBeGreaterThan(run.executedTime);
    expect((await dispatch.run("slow", { ms: 1 })).output).toEqual({ deadline: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  test("a timeout that ends an endless loop as well", async () => {
    await dispatch.createFunction(
      "loop",
      { "f.py": "def handle(c, p):\n    while True: pass\n" },
      { image: "python3", timeout: 300 },
    );
    expect((await dispatch.run("loop")).error?.message).toBe("Function execution exceeded the timeout");
  });

  test("no network at all", async () => {
    await dispatch.createFunction(
      "offline",
      { "f.js": "module.exports = () => Object.keys(require('os').networkInterfaces());" },
      { network: "none" },
    );
    const { output } = await dispatch.run("offline");
    expect((output as string[]).filter((name) => name !== "lo")).toEqual([]);
  });

  test("the host's network only when the server allows it", async () => {
    const answer = await dispatch.post("/v1/function", {
      name: "hosted",
      image: "nodejs",
      source: "H4sIAAAAAAAAAwMAAAAAAAAAAAA=",
      network: "host",
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      '{"code":400,"message":"network host is not allowed by this server: start it with --allow-host-network"}',
    ]);
  });

  test("less memory than it then takes: it is told by name", async () => {
    const hungry = "module.exports = () => { const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1)); };";
    await dispatch.createFunction("hungry", { "f.js": hungry }, { limits: { memory: 128 } });
    const run = await dispatch.run("hungry");
    expect(run.error).toMatchObject({
      type: "FunctionError",
      message: "the function exceeded its memory limit of 128 MB",
    });
    expect((await dispatch.run("environment")).status).toBe("READY");
  });

  test("limits out of range are refused by name", async () => {
    const answer = await dispatch.post("/v1/function", {
      name: "l",
      image: "nodejs",
      source: "",
      limits: { memory: 1 },
    });
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("limits.memory in body must be >= 32")]);
  });
});

const slow = `module.exports = async ({ deadline }, { ms }) => {
  console.log("before");
  await new Promise((resolve) => setTimeout(resolve, ms));
  return { deadline };
};`;

describe("a deleted function", () => {
  test("takes its runs along, and its name is free at once", async () => {
    await dispatch.createFunction("short-lived", { "f.js": "module.exports = () => 1;" });
    const { name } = await dispatch.run("short-lived");
    expect(await dispatch.runs("?functionName=short-lived")).toHaveLength(1);
    expect((await dispatch.delete("/v1/function/short-lived")).status).toBe(200);
    expect(await dispatch.runs("?functionName=short-lived")).toEqual([]);
    expect((await dispatch.get(`/v1/runs/${name}`)).status).toBe(404);
    expect((await dispatch.createFunction("short-lived", { "f.js": "module.exports = () => 2;" })).status).toBe(
      "READY",
    );
    expect((await dispatch.run("short-lived")).output).toBe(2);
  });

  test("lets a running call end", async () => {
    await dispatch.createFunction("leaving", { "f.js": slow });
    const running = dispatch.run("leaving", { ms: 300 });
    await dispatch.start("leaving", { ms: 1 });
    await dispatch.delete("/v1/function/leaving");
    expect((await running).status).toBe("READY");
    expect(await dispatch.runs("?functionName=leaving")).toEqual([]);
  });

  test("is gone for callers, as an unknown one is", async () => {
    const answer = await dispatch.post("/v1/runs?functionName=leaving", { blocking: true });
    expect([answer.status, answer.text]).toEqual([404, '{"code":404,"message":"function leaving not found"}']);
  });
});
