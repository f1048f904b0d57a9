/** Alerts on a running server: what is worth a message is told once, together, by a function, over a power cut. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;
const FAILURES = 20;
const TELL = { "f.js": "module.exports = (_, { message }) => message;" };
const BOOM = { "f.js": "module.exports = (_, n) => { throw new Error('no machine ' + n); };" };

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("tell", TELL);
  await dispatch.createFunction("boom", BOOM);
  await dispatch.createFunction("deaf", BOOM);
  const input = { type: "object", required: ["vm"] };
  await dispatch.createFunction("strict", { "f.js": "module.exports = () => 1;" }, { schema: { in: input } });
  await dispatch.post("/v1/event/subscriptions", { name: "strict", eventType: "vm.made", function: "strict" });
});

afterAll(() => server?.dispose());

const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });

/** What an alert has said, oldest first. */
const said = async (alert: string): Promise<string[]> => {
  const told = (await dispatch.runs("?functionName=tell")).filter(({ output }) => String(output).startsWith(alert));
  return told.toSorted(byTime).map(({ output }) => String(output));
};
const byTime = (one: RunObject, other: RunObject) => one.executedTime - other.executedTime;
const counted = (message = "") => Number(/ (\d+) runs? failed/.exec(message)?.[1] ?? 0);
const heard = (alert: string) => until(`${alert} has spoken`, async () => (await said(alert))[0]);
const statusOf = async (alert: string) =>
  parse<{ status: string; reason: string[] | null }>(await dispatch.get(`/v1/alert/${alert}`));

test("a storm of failures is one message, a driver that is down, a dead letter and what a clock missed one each", async () => {
  const line = "create alert failures --when run-failed --of boom --function tell --digest 08:00";
  expect(await command(...line.split(" "))).toEqual({ status: 0, stdout: "Created alert: failures\n", stderr: "" });
  await dispatch.post("/v1/alert", { name: "letters", when: "dead-letters", function: "tell" });
  await dispatch.post("/v1/alert", { name: "clocks", when: "schedule-missed", of: "watch", function: "tell" });
  await dispatch.post("/v1/alert", { name: "unheard", when: "run-failed", of: "boom", function: "deaf" });
  await dispatch.post("/v1/alert", { name: "drivers", when: "driver-down", function: "tell" });
  await dispatch.post("/v1/event/drivertypes", { name: "none", image: "example.com/no-such:1" });
  await dispatch.post("/v1/event/drivers", { name: "watch", type: "none" });
  // The last alert has spoken: every one has looked.
  await heard("drivers");
  await Promise.all(Array.from({ length: FAILURES }, (_, n) => dispatch.start("boom", n)));
  const event = { cloudEventsVersion: "0.1", eventType: "vm.made", source: "test", eventID: "1", data: {} };
  await dispatch.post("/v1/event", event);
  const { token } = parse<{ token: string }>(await dispatch.post("/v1/event/drivers/watch/token", ""));
  const data = { count: 3, first: "2026-11-28T01:00:00.000Z", last: "2026-11-28T03:00:00.000Z" };
  const missed = { ...event, eventType: "cron.missed", data };
  // What is no message of a clock is left alone.
  for (const push of [missed, { ...missed, eventID: "2", data: "nonsense" }])
    expect((await dispatch.post(`/v1/event/ingest?authToken=${token}`, push)).status).toBe(200);
  expect(await heard("drivers")).toMatch(
    /^drivers: Event driver watch is down: err pulling image example\.com\/no-such:1: /,
  );
  expect(await heard("letters")).toMatch(
    /^letters: 1 new dead letter, 1 in all\. The last, [\w-]+: run [\w-]+: Input invalid/,
  );
  expect(await heard("clocks")).toBe(
    "clocks: The clock watch missed 3 times: from 2026-11-28T01:00:00.000Z to 2026-11-28T03:00:00.000Z.",
  );
  const first = await heard("failures");
  expect(first).toMatch(/^failures: \d+ runs failed: boom \d+\. The last, boom [\w-]+: no machine \d+$/);
  expect(counted(first)).toBeLessThanOrEqual(FAILURES);
});

test("whoever cannot be told is in ERROR with the reason; a crash loses nothing, and nothing is told twice", async () => {
  const { reason } = await until("the alert is in ERROR", async () => {
    const now = await statusOf("unheard");
    return now.status === "ERROR" ? now : undefined;
  });
  expect(reason?.[0]).toMatch(/^the last message could not be sent: run [\w-]+ of deaf: /);
  await server.kill();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  await dispatch.updateFunction("deaf", TELL);
  const spoke = async (): Promise<string[] | undefined> => {
    const runs = await dispatch.runs("?functionName=deaf");
    const outputs = runs.flatMap(({ status, output }) => (status === "READY" ? [String(output)] : []));
    return outputs.length > 0 ? outputs : undefined;
  };
  const [told] = await until("it could be told", spoke);
  // Its own failures to speak are no news.
  expect(counted(told)).toBe(FAILURES);
  await until("it is READY", async () => ((await statusOf("unheard")).status === "READY" ? true : undefined));
  expect(await said("drivers")).toHaveLength(1);
  expect(await said("letters")).toHaveLength(1);
});

test("a wrong rule is refused with its field, and what is deleted says nothing more", async () => {
  const rule = { name: "wrong", when: "run-failed", function: "tell" };
  for (const [field, value] of Object.entries({ when: "sometimes", digest: "25:00", function: "no such" }))
    expect((await dispatch.post("/v1/alert", { ...rule, [field]: value })).text).toContain(field);
  const of = await dispatch.post("/v1/alert", { ...rule, when: "dead-letters", of: "strict" });
  expect([of.status, of.text]).toEqual([400, expect.stringContaining("dead letters are watched as a whole")]);
  expect((await command("get", "alerts")).stdout).toMatch(
    /failures +\| run-failed +\| boom +\| tell +\| 08:00 +\| READY/,
  );
  for (const name of ["failures", "drivers", "letters", "clocks", "unheard"])
    expect(await command("delete", "alert", name)).toMatchObject({ status: 0, stdout: `Deleted alert: ${name}\n` });
  expect(parse(await dispatch.get("/v1/alert"))).toEqual([]);
});
