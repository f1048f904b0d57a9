/** The end of a run and what it means to whoever started it are on record together, whenever the server dies. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowsOf } from "../support/database.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const SUBSCRIPTIONS = 8;
const EVENTS = 25;

interface Delivery {
  readonly status: string;
  readonly run?: string;
}

let server: ServerProcess;
let dispatch: Dispatch;
/** Events whose acceptance was told before the kill. */
let acknowledged = 0;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("note", { "f.js": "module.exports = () => 'noted';" });
  for (let index = 0; index < SUBSCRIPTIONS; index++) {
    const body = { name: `s-${index}`, eventType: "told", function: "note" };
    expect((await dispatch.post("/v1/event/subscriptions", body)).status).toBe(201);
  }
});

afterAll(() => server.dispose());

const count = (condition: string): number => {
  const from = "from runs r join deliveries d on d.organization = r.organization and d.run = r.id";
  return Number(rowsOf<{ n: number }>(server.dataDir, `select count(*) as n ${from} where ${condition}`)[0]?.n);
};

async function deliveries(): Promise<Delivery[]> {
  return parse<Delivery[]>(await dispatch.get("/v1/event/deliveries?limit=1000"));
}

/** What the counters of subscriptions say, altogether. */
const counted = (): number =>
  Number(rowsOf<{ n: number }>(server.dataDir, "select sum(delivered) as n from delivery_counts")[0]?.n);

test("a server that is killed leaves no run that has ended well whose delivery does not say so", async () => {
  const emitted = Promise.allSettled(
    Array.from({ length: EVENTS }, (_, index) =>
      dispatch.post("/v1/event", { specversion: "1.0", type: "told", source: "/t", id: `e-${index}`, data: index }),
    ),
  );
  await until("some are delivered", async () =>
    (await deliveries()).filter(({ status }) => status === "DELIVERED").length > 40 ? true : undefined,
  );
  await server.kill();
  for (const answer of await emitted) if (answer.status === "fulfilled" && answer.value.status < 300) acknowledged++;
  expect(count("r.status = 'READY'")).toBeGreaterThan(40);
  expect(count("r.status = 'READY' and d.status <> 'DELIVERED'")).toBe(0);
  expect(count("r.status <> 'READY' and d.status = 'DELIVERED'")).toBe(0);
  expect(counted()).toBe(count("d.status = 'DELIVERED'"));
});

test("and the next one delivers the rest, each once", async () => {
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  await until("all are delivered", async () =>
    (await deliveries()).every(({ status }) => status === "DELIVERED") ? true : undefined,
  );
  const runs = (await deliveries()).map(({ run }) => run);
  expect(new Set(runs).size).toBe(runs.length);
  const counts = parse<{ delivered: number }[]>(await dispatch.get("/v1/event/subscription-counts"));
  // Of an event whose answer was lost nobody knows whether it is on record, but it is so for all subscriptions or for none.
  const kept = counts[0]?.delivered ?? 0;
  expect(kept).toBeGreaterThanOrEqual(acknowledged);
  expect(kept).toBeLessThanOrEqual(EVENTS);
  expect(counts.map(({ delivered }) => delivered)).toEqual(Array(SUBSCRIPTIONS).fill(kept));
});
