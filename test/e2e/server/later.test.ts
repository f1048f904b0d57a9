/** Runs for later, and runs that are cancelled: both hold over a server that is killed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, errorOf, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  const slow = "module.exports = (_, ms) => new Promise((resolve) => setTimeout(resolve, ms ?? 0, 'done'));";
  await dispatch.createFunction("slow", { "f.js": slow }, { retries: 3 });
  await dispatch.createFunction("single", { "f.js": slow }, { limits: { concurrency: 1 } });
});

afterAll(() => server.dispose());

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const create = (name: string, body: object, headers = {}) =>
  dispatch.post(`/v1/runs?functionName=${name}`, body, headers);
const cancel = (id: string) => dispatch.post(`/v1/runs/${id}/cancel`, "");
const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });
const goesOn = (id: string) =>
  until("it goes on", async () => ((await dispatch.getRun(id)).status === "CREATING" ? true : undefined));

async function killAndRestart(): Promise<void> {
  await server.kill();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
}

test("a run for later begins at its time and not before, also when the server was killed in between", async () => {
  const startAt = inSeconds(4);
  const answer = await create("slow", { input: 1, startAt });
  expect(answer.status).toBe(202);
  const { name } = parse<RunObject>(answer);
  const far = parse<RunObject>(await create("slow", { startAt: inSeconds(3600) })).name;
  await killAndRestart();
  const run = await dispatch.finished(name);
  expect(run).toMatchObject({ status: "READY", output: "done", startAt });
  expect((run.finishedTime ?? 0) / 1e6).toBeGreaterThanOrEqual(Date.parse(startAt));
  const waiting = await dispatch.getRun(far);
  expect(waiting.status).toBe("INITIALIZED");
  const described = await command("describe", "run", far);
  const [, when = ""] = /^Not before: +(\S+)$/m.exec(described.stdout) ?? [];
  expect(Date.parse(when)).toBe(Date.parse(waiting.startAt ?? ""));
});

test("what is no time, or is to be waited for, is refused with a sentence", async () => {
  const wrong = await create("slow", { startAt: "tomorrow" });
  expect([wrong.status, errorOf(wrong).message]).toEqual([
    400,
    expect.stringContaining("such as 2026-11-28T22:00:00Z"),
  ]);
  const both = await create("slow", { startAt: inSeconds(60), blocking: true });
  expect([both.status, errorOf(both).message]).toEqual([400, expect.stringContaining("cannot be waited for")]);
});

test("a run that waits is withdrawn when it is cancelled: no record, and its key is free", async () => {
  const key = { "idempotency-key": "once" };
  const body = { startAt: inSeconds(3600) };
  const { name } = parse<RunObject>(await create("slow", body, key));
  expect((await cancel(name)).status).toBe(200);
  expect((await dispatch.get(`/v1/runs/${name}`)).status).toBe(404);
  await killAndRestart();
  expect((await dispatch.get(`/v1/runs/${name}`)).status).toBe(404);
  expect(parse<RunObject>(await create("slow", body, key)).name).not.toBe(name);
});

test("so is one that waits for a worker, and those behind it go on", async () => {
  const first = await dispatch.start("single", 1500);
  await goesOn(first.name);
  const second = await dispatch.start("single", 1);
  const third = await dispatch.start("single", 1);
  expect((await cancel(second.name)).status).toBe(200);
  expect(await dispatch.finished(third.name)).toMatchObject({ status: "READY" });
  expect((await dispatch.get(`/v1/runs/${second.name}`)).status).toBe(404);
});

test("a run that goes on is ended with the reason, at once, and is not tried again", async () => {
  const { name } = await dispatch.start("slow", 60_000);
  await goesOn(name);
  const answer = await cancel(name);
  expect([answer.status, parse<RunObject>(answer).error]).toEqual([
    200,
    { type: "SystemError", message: expect.stringMatching(/^cancelled by administrator:/), stacktrace: null },
  ]);
  const again = await cancel(name);
  expect([again.status, errorOf(again).message]).toEqual([409, `run ${name} has ended already`]);
  expect((await dispatch.run("slow", 1)).output).toBe("done");
});

test("the command line starts runs for later and cancels them", async () => {
  const created = await command("exec", "slow", "--in", "8h", "--input", "1");
  expect([created.status, created.stderr]).toEqual([0, ""]);
  const run = JSON.parse(created.stdout) as { name: string; startAt: string };
  expect(Date.parse(run.startAt) - Date.now()).toBeGreaterThan(7.9 * 3_600_000);
  expect((await command("cancel", run.name)).stdout).toBe(`Withdrawn run: ${run.name}\n`);
  const { name } = await dispatch.start("slow", 60_000);
  await goesOn(name);
  expect((await command("cancel", name)).stdout).toBe(`Cancelled run: ${name}\n`);
  const both = await command("exec", "slow", "--in", "8h", "--at", "2030-01-01");
  expect([both.status, both.stderr]).toEqual([1, expect.stringContaining("give one of them")]);
});
