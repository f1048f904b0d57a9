/** Subscriptions as people use them: which events, in which order, and when. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

/** Takes as long as its event says. */
const NOTE = `module.exports = async ({ event }, data) => {
  if (data.hold) await new Promise((resolve) => setTimeout(resolve, data.hold));
  return { id: event.id, data };
};`;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("note", { "f.js": NOTE });
});

afterAll(() => server.dispose());

const emit = (type: string, id: string, data: unknown, more: object = {}) =>
  dispatch.post("/v1/event", { specversion: "1.0", type, source: "/test", id, data, ...more });

const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });

const seen = async (functionName: string, prefix: string) =>
  (await dispatch.runs(`?functionName=${functionName}`))
    .toReversed()
    .flatMap(({ output }) => (output ? [(output as { id: string }).id] : []))
    .filter((id) => id.startsWith(prefix));

const allSeen = (functionName: string, prefix: string, count: number) =>
  until(`${count} events ${prefix} have arrived`, async () => {
    const ids = await seen(functionName, prefix);
    return ids.length >= count ? ids : undefined;
  });

test("filters on source, attributes and data, given in short or as JSON", async () => {
  const flags = [
    "--filter",
    "data.team=blue",
    "--filter",
    "subject^=order",
    "--filter",
    '{"not":{"suffix":{"id":"x"}}}',
  ];
  const made = await command("create", "subscription", "--name", "blue", "--event-type", "shop.>", ...flags, "note");
  expect([made.status, made.stdout]).toEqual([0, "created subscription: blue\n"]);
  const blue = { subject: "order 1" };
  await emit("shop.made", "f-1", { team: "blue" }, blue);
  await emit("shop.made", "f-2x", { team: "blue" }, blue);
  await emit("shop.made", "f-3", { team: "red" }, blue);
  await emit("shop.made", "f-4", { team: "blue" });
  await emit("shop.made", "f-5", { team: "blue" }, blue);
  expect(await allSeen("note", "f-", 2)).toEqual(["f-1", "f-5"]);
  expect((await command("describe", "subscription", "blue")).stdout).toContain('{"exact":{"data.team":"blue"}}');
  const wrong = await dispatch.post("/v1/event/subscriptions", {
    ...{
      name: "wrong",
      eventType: "t",
      function: "note",
      filters: [{ exact: { type: "a" } }, { like: { type: "b" } }],
    },
  });
  expect([wrong.status, parse<{ message: string }>(wrong).message]).toEqual([
    400,
    "filters[1].like: there are the filters exact, prefix, suffix, all, any, not",
  ]);
});

test("a slow run holds up nobody, unless one runs at a time", async () => {
  await dispatch.post("/v1/event/subscriptions", { name: "beside", eventType: "beside", function: "note" });
  await dispatch.post("/v1/event/subscriptions", {
    name: "behind",
    eventType: "behind",
    function: "note",
    concurrency: 1,
  });
  for (const type of ["beside", "behind"]) {
    await emit(type, `${type}-1`, { hold: 1500 });
    await emit(type, `${type}-2`, { hold: 0 });
  }
  const runs = await until("all four have ended", async () => {
    const ended = (await dispatch.runs("?functionName=note")).filter(
      ({ output }) => output && /^be/.test((output as { id: string }).id),
    );
    return ended.length === 4 ? ended : undefined;
  });
  const of = (id: string) => {
    const run = runs.find(({ output }) => (output as { id: string }).id === id);
    return { begun: run?.executedTime ?? 0, ended: run?.finishedTime ?? 0 };
  };
  expect(of("beside-2").ended).toBeLessThanOrEqual(of("beside-1").ended);
  expect(of("beside-2").begun).toBeGreaterThanOrEqual(of("beside-1").begun);
  expect(of("behind-2").begun).toBeGreaterThanOrEqual(of("behind-1").ended);
});

test("a paused one keeps its events, over a crash too, and delivers them in order when it is resumed", async () => {
  await dispatch.post("/v1/event/subscriptions", { name: "later", eventType: "later", function: "note" });
  expect((await command("pause", "subscription", "later")).stdout).toBe("Paused subscription: later\n");
  const ids = Array.from({ length: 20 }, (_, n) => `p-${String(n).padStart(2, "0")}`);
  for (const id of ids) expect((await emit("later", id, {})).status).toBe(200);
  await server.kill();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  expect(parse(await dispatch.get("/v1/event/subscriptions/later"))).toMatchObject({ paused: true, status: "READY" });
  expect(await seen("note", "p-")).toEqual([]);
  expect((await command("resume", "subscription", "later")).stdout).toBe("Resumed subscription: later\n");
  expect(await allSeen("note", "p-", ids.length)).toEqual(ids);
});

test("an event for a function that does not exist waits until there is one", async () => {
  await dispatch.post("/v1/event/subscriptions", { name: "early", eventType: "early", function: "unborn" });
  expect((await emit("early", "u-1", {})).status).toBe(200);
  await emit("early", "u-2", {});
  expect((await dispatch.get("/v1/deadletter")).text.trim()).toBe("[]");
  await dispatch.createFunction("unborn", { "f.js": NOTE });
  expect(await allSeen("unborn", "u-", 2)).toEqual(["u-1", "u-2"]);
});

test("when as many wait as may, what comes is a dead letter: told once in the log, said by describe, and sent when somebody wants", async () => {
  await server.kill();
  server = await startServer({ dataDir: server.dataDir, flags: ["--max-waiting-events", "3"] });
  dispatch = new Dispatch(server.api);
  await dispatch.post("/v1/event/subscriptions", { name: "small", eventType: "small", function: "note", paused: true });
  const ids = ["b-1", "b-2", "b-3", "b-4", "b-5"];
  for (const id of ids) expect((await emit("small", id, {})).status).toBe(200);
  const words = "3 events wait for subscription small, as many as --max-waiting-events allows: it is paused";
  const letters = parse<{ name: string; error: string }[]>(await dispatch.get("/v1/deadletter"));
  expect(letters.map(({ error }) => error)).toEqual([words, words]);
  await until("the log says so", async () => server.log.find(({ msg }) => msg.startsWith(words)));
  expect(server.log.filter(({ msg }) => msg.startsWith(words))).toHaveLength(1);
  const described = (await command("describe", "subscription", "small")).stdout;
  expect(described).toMatch(
    /Waiting: +3, since .*\nWaits for: +it is paused\nFailing: +0\nFull: +yes: no more may wait/,
  );
  expect(described).toMatch(/Dead letters: +2/);
  await command("resume", "subscription", "small");
  expect(await allSeen("note", "b-", 3)).toEqual(["b-1", "b-2", "b-3"]);
  for (const { name } of letters) expect((await command("retry", "deadletter", name)).status).toBe(0);
  expect((await allSeen("note", "b-", 5)).toSorted()).toEqual(ids);
});

test("a run that began with its event in a server that never comes back is ended by the next one, and the event delivered anew", async () => {
  const wait = "await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())))";
  await dispatch.createFunction("left", {
    "f.js": `module.exports = async (_, { until }) => { ${wait}; return "well"; };`,
  });
  await dispatch.post("/v1/event/subscriptions", { name: "left", eventType: "left", function: "left" });
  const of = async (event: string) =>
    parse<{ eventID: string; status: string; attempts: number; run?: string }[]>(
      await dispatch.get("/v1/event/deliveries?subscription=left"),
    ).find(({ eventID, status }) => eventID === event && status !== "WAITING");
  await emit("left", "warm", { until: 0 });
  await until("a worker is warm", async () => ((await of("warm"))?.status === "DELIVERED" ? true : undefined));
  // It outlives its server, and is over when the lease of that one is.
  await emit("left", "left", { until: Date.now() + 25_000 });
  const lost = await until("its run is on record", async () => (await of("left"))?.run);
  await server.kill();
  await rm(join(server.dataDir, "server-id"));
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  expect(await of("left")).toMatchObject({ status: "RUNNING", attempts: 1, run: lost });
  const delivered = await until("another has delivered it", async () => {
    const found = await of("left");
    return found?.status === "DELIVERED" ? found : undefined;
  });
  expect(delivered).toMatchObject({ attempts: 2 });
  expect(delivered.run).not.toBe(lost);
  const runs = (await dispatch.runs("?functionName=left")).map(({ name, status, output }) => ({
    name,
    status,
    output,
  }));
  expect(runs.find(({ name }) => name === lost)?.status).toBe("ERROR");
  expect(runs.find(({ name }) => name === delivered.run)).toMatchObject({ status: "READY", output: "well" });
  expect(runs).toHaveLength(3);
});
