/** Stopping and starting again: running calls end, everything is back (server.md 1, decisions 18b). */
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processesCalled } from "../../escapes/support.ts";
import { Dispatch, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

const sleep = "module.exports = async (c, ms) => { await new Promise((r) => setTimeout(r, ms)); return 'slept'; };";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--stop-grace", "5s"] }));
  await dispatch.createFunction("sleep", { "f.js": sleep });
  await dispatch.createFunction("echo", {
    "f.js": "module.exports = ({ secrets }, payload) => ({ payload, secrets });",
  });
});

afterAll(() => server.dispose());

/** A run that has entered its handler. */
async function running(ms: number): Promise<{ id: string; answer: Promise<RunObject> }> {
  const before = new Set((await dispatch.runs("?functionName=sleep")).map(({ name }) => name));
  const answer = dispatch.run("sleep", ms);
  answer.catch(() => {}); // a test that expects it to break says so itself
  const id = await until("the run is written down", async () => {
    const runs = await dispatch.runs("?functionName=sleep&status=CREATING");
    return runs.find(({ name }) => !before.has(name))?.name;
  });
  return { id, answer };
}

async function restart(flags: readonly string[] = []): Promise<void> {
  server = await startServer({ dataDir: server.dataDir, flags });
  dispatch = new Dispatch(server.api);
}

test("SIGTERM lets running calls end, answers them, takes no new ones, and the exit status is 0", async () => {
  const { answer } = await running(800);
  const loose = await dispatch.start("sleep", 300);
  await until("the loose run goes on", async () =>
    (await dispatch.getRun(loose.name)).status === "CREATING" ? true : undefined,
  );
  const ended = server.stop();
  expect(await answer).toMatchObject({ status: "READY", output: "slept" });
  expect(await ended).toEqual({ code: 0, signal: null });
  await expect(dispatch.get("/v1/secret")).rejects.toThrow();
  await restart();
  expect(await dispatch.getRun(loose.name)).toMatchObject({ status: "READY", output: "slept" });
});

test("after a restart everything is there and works: secrets, images, functions, endpoints and runs", async () => {
  await dispatch.post("/v1/secret", { name: "kept", secrets: { a: "b" } });
  const api = {
    name: "kept",
    function: "echo",
    enabled: true,
    methods: ["POST"],
    uris: ["/kept"],
    protocols: ["http"],
  };
  expect((await dispatch.post("/v1/api", api)).status).toBe(200);
  const run = await dispatch.run("echo", 1);
  const paths = ["/v1/secret", "/v1/baseimage", "/v1/image", "/v1/function", "/v1/api", `/v1/runs/${run.name}`];
  const texts = () => Promise.all(paths.map(async (path) => (await dispatch.get(path)).text));
  const before = await texts();
  await server.stop();
  await restart();
  expect(await texts()).toEqual(before);
  const again = await dispatch.run("echo", 2, { secrets: ["kept"] });
  expect(again.output).toEqual({ payload: 2, secrets: { a: "b" } });
  const headers = { "content-type": "application/json" };
  const gateway = new Dispatch(server.gateway);
  const answer = await gateway.raw("/dispatch-server/kept", { method: "POST", headers, body: "3" });
  expect([answer.status, parse<{ payload: number }>(answer).payload]).toEqual([200, 3]);
});

test("a run that outlives the grace ends with an error on record, not never", async () => {
  await server.stop();
  await restart(["--stop-grace", "200ms"]);
  const { id, answer } = await running(60_000);
  const settled = answer.then(
    () => "answered",
    () => "cut off",
  );
  expect((await server.stop()).code).toBe(0);
  await settled;
  await restart();
  expect(await dispatch.getRun(id)).toMatchObject({ status: "ERROR", error: { type: "SystemError" } });
});

test("a run that outlives the grace is tried again after the start when its function declares retries", async () => {
  const second = `module.exports = async ({ run }) => {
    if (run.attempt === 1) await new Promise((r) => setTimeout(r, 60_000));
    return "attempt " + run.attempt;
  };`;
  await server.stop();
  await restart(["--stop-grace", "200ms"]);
  await dispatch.createFunction("persistent", { "f.js": second }, { retries: 1 });
  const { name } = await dispatch.start("persistent");
  const status = async () => (await dispatch.getRun(name)).status;
  await until("it goes on", async () => ((await status()) === "CREATING" ? true : undefined));
  expect((await server.stop()).code).toBe(0);
  await restart();
  await until("it has ended", async () => ((await status()) === "READY" ? true : undefined));
  expect(await dispatch.getRun(name)).toMatchObject({ status: "READY", output: "attempt 2" });
});

test("a second signal ends it at once", async () => {
  const { answer } = await running(60_000);
  const cutOff = expect(answer).rejects.toThrow();
  const ended = server.stop();
  await until("it is stopping", () => (server.log.some(({ msg }) => msg.startsWith("stopping")) ? true : undefined));
  void server.stop();
  expect((await ended).code).toBe(1);
  await cutOff;
  await restart();
});

test("a second server on the same data is refused with a sentence", async () => {
  await expect(startServer({ dataDir: server.dataDir })).rejects.toThrow(/is in use by another dispatch-server/);
});

/** What a function may leave behind where nothing holds it: a process of its own session that keeps the pipes and no signal ends. */
const leaver = `
const { spawn } = require("node:child_process");
module.exports = () => {
  spawn("setsid", ["sh", "-c", "trap '' TERM HUP INT; sleep 4747.5; true"], { stdio: ["ignore", "inherit", "inherit", 3] });
  return new Promise(() => {});
};`;

test("SIGTERM is not held up by a process that keeps a function's pipes and that no signal ends", async () => {
  const stubborn = await serverWith(["nodejs"], { flags: ["--sandbox", "none", "--stop-grace", "1s"] });
  const left = (): number[] => processesCalled("sleep 4747.5");
  try {
    await stubborn.dispatch.createFunction("leaver", { "f.js": leaver });
    await stubborn.dispatch.start("leaver", null);
    await until("it has left its process behind", async () => (left().length > 0 ? true : undefined));
    const ended = await Promise.race([stubborn.server.stop(), setTimeout(10_000, "still waiting")]);
    expect(ended).toEqual({ code: 0, signal: null });
  } finally {
    for (const pid of left()) process.kill(pid, "SIGKILL");
    await stubborn.server.dispose();
  }
});

test("a stop that comes as soon as the server listens is a clean one", async () => {
  for (let round = 0; round < 5; round++) {
    const started = await startServer();
    expect(await started.stop()).toEqual({ code: 0, signal: null });
    await started.dispose();
  }
});
