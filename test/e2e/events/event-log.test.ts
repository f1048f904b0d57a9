/** What was emitted and what became of it: shown, followed while it happens, delivered again. */
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

interface Delivery {
  readonly eventID: string;
  readonly status: string;
  readonly attempts: number;
  readonly run?: string;
  readonly error?: string;
  readonly deadLetter?: string;
}

interface Kept {
  readonly name: string;
  readonly receivedTime: number;
  readonly event: Readonly<Record<string, unknown>>;
}

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("note", { "f.js": "module.exports = ({ event }, data) => ({ id: event.id, data });" });
});

afterAll(() => server.dispose());

const emit = (type: string, id: string, data: unknown) =>
  dispatch.post("/v1/event", { specversion: "1.0", type, source: "/test", id, data, region: "eu" });

const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });

const deliveries = async (subscription: string) =>
  parse<Delivery[]>(await dispatch.get(`/v1/event/deliveries?subscription=${subscription}`));

const settled = (subscription: string, count: number) =>
  until(`${count} deliveries to ${subscription} have ended`, async () => {
    const found = await deliveries(subscription);
    const ended = found.filter(({ status }) => ["DELIVERED", "DEAD"].includes(status));
    return ended.length >= count ? found : undefined;
  });

const subscribe = (name: string, eventType: string, functionName: string, more: object = {}) =>
  dispatch.post("/v1/event/subscriptions", { name, eventType, function: functionName, ...more });

test("each delivery is in the log with its run, its attempts, and what it waits for", async () => {
  await subscribe("logged", "logged", "note");
  await emit("logged", "l-1", 1);
  await emit("logged", "l-2", 2);
  const [last, first] = await settled("logged", 2);
  expect([first, last]).toMatchObject([
    { eventID: "l-1", status: "DELIVERED", attempts: 1 },
    { eventID: "l-2", status: "DELIVERED", attempts: 1 },
  ]);
  expect((await dispatch.getRun(first?.run ?? "")).output).toEqual({ id: "l-1", data: 1 });
  await subscribe("lonely", "lonely", "unborn");
  await emit("lonely", "w-1", 1);
  expect(await deliveries("lonely")).toMatchObject([{ status: "WAITING", error: "function unborn not found" }]);
  const described = (await command("describe", "subscription", "lonely")).stdout;
  expect(described).toMatch(/Waiting: +1, since .*\nWaits for: +function unborn not found/);
  expect((await command("describe", "subscription", "logged")).stdout).toMatch(
    /Delivered: +2\nWaiting: +none\nFailing: +0/,
  );
  expect((await command("get", "deliveries", "logged")).stdout).toMatch(/l-2[^\n]*DELIVERED[\s\S]*l-1[^\n]*DELIVERED/);
});

test("a list of subscriptions says what each got, what waits or fails, and what became of the last, a page at a time", async () => {
  const FAILING = "module.exports = () => { throw new Error('no'); };";
  await dispatch.createFunction("failing", { "f.js": FAILING });
  await subscribe("failing", "failing", "failing", { retries: 50 });
  await subscribe("dying", "failing", "failing", { retries: 0 });
  await emit("failing", "x-1", 1);
  const expected = {
    dying: [0, 0, 0, 1, "DEAD"],
    failing: [0, 1, 1, 0, "RETRYING"],
    lonely: [0, 1, 0, 0, "WAITING"],
    logged: [2, 0, 0, 0, "DELIVERED"],
  };
  await until("all have come so far", async () => isDeepStrictEqual(await counts(), expected) || undefined);
  const page = await dispatch.get("/v1/event/subscription-counts?limit=3");
  expect(parse<Counts[]>(page).map(({ name }) => name)).toEqual(["dying", "failing", "lonely"]);
  const cursor = page.headers["x-dispatch-next-cursor"];
  const next = await dispatch.get(`/v1/event/subscription-counts?cursor=${cursor}`);
  expect(parse<Counts[]>(next)).toMatchObject([
    { name: "logged", lastDelivery: { eventID: "l-2", status: "DELIVERED" } },
  ]);
  const table = (await command("get", "subscriptions")).stdout;
  expect(table).toMatch(/CREATED DATE +\| DELIVERED \| WAITING \| FAILING \| DEAD LETTERS \| LAST STATE/);
  expect(table).toMatch(/logged .*\| +2 \| +0 \| +0 \| +0 \| DELIVERED +\| 2\S+Z/);
  expect((await command("get", "subscription", "dying")).stdout).toMatch(
    /dying .*\| +0 \| +0 \| +0 \| +1 \| DEAD +\| 2\S+Z/,
  );
  const plain = await dispatch.get("/v1/event/subscriptions/logged");
  expect(Object.keys(parse<object>(plain))).not.toContain("delivered");
});

interface Counts extends Readonly<Record<"delivered" | "waiting" | "failing" | "deadLetters", number>> {
  readonly name: string;
  readonly lastDelivery?: Delivery;
}

async function counts(): Promise<Record<string, unknown>> {
  const found = parse<Counts[]>(await dispatch.get("/v1/event/subscription-counts"));
  const facts = found.map(({ name, delivered, waiting, failing, deadLetters, lastDelivery }) => {
    return [name, [delivered, waiting, failing, deadLetters, lastDelivery?.status]] as const;
  });
  return Object.fromEntries(facts);
}

test("what is emitted is listed and followed, as CloudEvents 1.0, by everybody who watches", async () => {
  const stop = new AbortController();
  const follow = async (): Promise<string[]> => {
    const answer = await fetch(`${server.api}/v1/event/events/stream`, {
      headers: { cookie: "c", "x-dispatch-org": "dispatch-server" },
      signal: stop.signal,
    });
    const ids: string[] = [];
    let text = "";
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      ids.splice(0, ids.length, ...[...text.matchAll(/"id":"(s-\d)"/g)].map(([, id = ""]) => id));
      if (ids.length === 3) break;
    }
    return ids;
  };
  const watching = [follow(), follow()];
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const n of [1, 2, 3]) await emit("seen", `s-${n}`, { n });
  expect(await Promise.all(watching)).toEqual([
    ["s-1", "s-2", "s-3"],
    ["s-1", "s-2", "s-3"],
  ]);
  stop.abort();
  const [newest] = parse<Kept[]>(await dispatch.get("/v1/event/events?limit=1"));
  expect(newest?.event).toEqual({
    ...{ specversion: "1.0", type: "seen", source: "/test", id: "s-3", region: "eu" },
    data: { n: 3 },
  });
  const shown = (await command("events", "--limit", "2")).stdout;
  expect(shown).toMatch(/seen {2}\/test {2}s-2 {2}\{"n":2\}\n[^\n]*s-3/);
});

test("events are replayed to a subscription that was not there, in order, and over a crash", async () => {
  const from = new Date().toISOString();
  const ids = Array.from({ length: 60 }, (_, n) => `r-${String(n).padStart(2, "0")}`);
  for (const id of ids) await emit(Number(id.slice(2)) % 2 === 0 ? "even" : "odd", id, id);
  await subscribe("late", "even", "note", { concurrency: 1 });
  const answer = await dispatch.post("/v1/event/subscriptions/late/replay", { from });
  expect([answer.status, parse(answer)]).toEqual([202, { events: 60 }]);
  await server.kill();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  const even = ids.filter((_, n) => n % 2 === 0);
  const all = await settled("late", even.length);
  expect(all.map(({ eventID }) => eventID).toSorted()).toEqual(even);
  const runs = (await dispatch.runs("?functionName=note"))
    .filter(({ status, input }) => status === "READY" && String(input).startsWith("r-"))
    .toReversed();
  expect([...new Set(runs.map(({ input }) => input))]).toEqual(even);
  const nothing = await dispatch.post("/v1/event/subscriptions/late/replay", { from: "yesterday" });
  expect([nothing.status, nothing.text]).toEqual([
    422,
    expect.stringContaining("from in body must be of type date-time"),
  ]);
});

test("a dead letter is edited before it is sent again", async () => {
  const schema = { in: { type: "object", required: ["vm"] } };
  await dispatch.createFunction("strict", { "f.js": "module.exports = (_, { vm }) => vm;" }, { schema });
  await subscribe("strict", "strict", "strict");
  await emit("strict", "d-1", { name: "web-1" });
  const [dead] = await settled("strict", 1);
  expect(dead).toMatchObject({ status: "DEAD", error: expect.stringContaining("Input invalid against schema") });
  const letter = dead?.deadLetter ?? "";
  const retried = await command("retry", "deadletter", letter, "--data", '{"vm": "web-1"}');
  expect([retried.status, retried.stdout]).toEqual([0, `Retried dead letter: ${letter}\n`]);
  const [again] = await until("it is delivered", async () => {
    const found = await deliveries("strict");
    return found[0]?.status === "DELIVERED" ? found : undefined;
  });
  expect((await dispatch.getRun(again?.run ?? "")).output).toBe("web-1");
  const gone = await dispatch.put(`/v1/deadletter/${letter}`, { data: 1 });
  expect(gone.status).toBe(404);
});
