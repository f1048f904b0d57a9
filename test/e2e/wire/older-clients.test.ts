/** What people with older clients and older functions met. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await Promise.all([dispatch.createImage("nodejs"), dispatch.createImage("python3")]);
});
afterAll(() => server.dispose());

const TELLING = `module.exports = (context, payload) => {
  console.log("token", context.dispatch.token);
  console.error(JSON.stringify(context));
  if (payload.fail) throw new Error("with " + context.dispatch.token);
  setTimeout(() => console.log("late", context.dispatch.token), 20);
  return { context, text: "Bearer " + context.dispatch.token };
};`;

test("a run's own token is in no answer and no record, whatever the function does with it", async () => {
  await dispatch.createFunction("telling", { "telling.js": TELLING });
  for (const fail of [false, true]) {
    const run = await dispatch.run("telling", { fail });
    const late = await until("the late line is kept", async () => {
      const kept = await dispatch.getRun(run.name);
      return fail || kept.logs?.stdout?.includes("late ***") ? kept : undefined;
    });
    for (const shown of [run, late, ...(await dispatch.runs())]) {
      expect(JSON.stringify(shown)).not.toMatch(/[0-9a-f]{12}\.[0-9a-f]{8}-/);
      expect(shown.logs?.stdout).toContain("token ***");
    }
    if (fail) expect(run.error?.message).toBe("with ***");
    else expect(run.output).toMatchObject({ text: "Bearer ***", context: { dispatch: { token: "***" } } });
  }
});

test("a function without an image has no functionImageURL, one that failed on its image has", async () => {
  const missing = await dispatch.createFunction("imageless", { "a.js": "module.exports = 1;" }, { image: "nosuch" });
  expect(missing).toMatchObject({ status: "ERROR", services: null });
  expect(missing).not.toHaveProperty("functionImageURL");
  const broken = await dispatch.createFunction("broken", { "a.js": "module.exports = 1;" }, { services: [] });
  expect(broken).toMatchObject({
    status: "ERROR",
    services: null,
    functionImageURL: expect.stringMatching(/^dispatch/),
  });
});

test("an endpoint whose function is missing says so", async () => {
  const body = { name: "early", function: "nosuch", uris: ["/early"], methods: ["GET"] };
  const created = parse<{ status: string; reason: string[] }>(await dispatch.post("/v1/api", body));
  expect(created.status).toBe("INITIALIZED");
  expect(created.reason.join()).toContain("function nosuch not found");
});

test("a base image keeps the language that was sent", async () => {
  const body = { name: "own", dockerUrl: "dispatchframework/nodejs-base:0.0.12", language: "Node.js 8" };
  await dispatch.post("/v1/baseimage", body);
  expect(parse(await dispatch.get("/v1/baseimage/own"))).toMatchObject({ language: "Node.js 8" });
});

test.each([
  ["{'vms': [1, {'tags': {1, 2}}]}", ".vms[1].tags: Object of type set"],
  ["[[object()]]", "[0][0]: Object of type object"],
  ["{'a b': float('nan')}", "[a b]: Out of range"],
  ["{1, 2}", "as JSON: Object of type set"],
])("Python's result %s is refused with the place of what JSON cannot hold", async (result, message) => {
  const source = `def handle(context, payload):\n    return ${result}\n`;
  await dispatch.createFunction("result", { "result.py": source }, { image: "python3" });
  expect((await dispatch.run("result")).error?.message).toContain(message);
  await dispatch.delete("/v1/function/result");
});

test("TypeScript that uses require finds its other files, too", async () => {
  const files = {
    "main.ts": 'const { size } = require("./size");\nmodule.exports = (c: object, p: object) => size(p);\n',
    "size.ts": "exports.size = (x: object): number => Object.keys(x).length;\n",
  };
  await dispatch.createFunction("required", files, { handler: "./main.ts" });
  expect((await dispatch.run("required", { a: 1, b: 2 })).output).toBe(2);
});

test("a driver's token is shown when the driver is made, pushes its events, and is told nowhere else", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { port, hostname } = new URL(server.api);
  const cli = (...words: string[]) => runCommand(["--host", hostname, "--port", port, ...words], { cwd: folder });
  await dispatch.post("/v1/event/drivertypes", { name: "elsewhere", image: "example/elsewhere:1" });
  const made = await cli("create", "driver", "elsewhere", "--name", "pushed");
  expect(made.stdout).toMatch(/^Created event driver: pushed\nToken: \S+ \(shown once/);
  const [, token = ""] = /Token: (\S+)/.exec(made.stdout) ?? [];
  const event = { cloudEventsVersion: "0.1", eventType: "a.b", source: "s", eventID: "1" };
  const push = async (shown: string) => (await dispatch.post(`/v1/event/ingest?authToken=${shown}`, event)).status;
  expect(await push(token)).toBe(200);
  expect((await dispatch.get("/v1/event/drivers/pushed")).text).not.toContain(token);
  const issued = await dispatch.post("/v1/event/drivers/pushed/token", undefined);
  expect([issued.status, await push(token)]).toEqual([201, 401]);
  expect(await push(parse<{ token: string }>(issued).token)).toBe(200);
  expect((await dispatch.post("/v1/event/drivers/nosuch/token", undefined)).status).toBe(404);
  expect((await cli("create", "driver", "elsewhere", "--name", "json", "-o", "json")).stdout).not.toContain("oken");
});
