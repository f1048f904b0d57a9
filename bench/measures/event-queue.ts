/**
 * Many events wait, and the server dies: at once when all are on record, then again while they are delivered. None may be
 * lost, and of each subscription the runs must begin in the order in which its events came.
 */
import { rm } from "node:fs/promises";
import { type DispatchServer, newDataFolder, startOn } from "../dispatch-server.ts";
import { ran, subscribe } from "../emissions.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import { headers, type Rest } from "../rest.ts";
import { atMost, fact, type Row } from "../row.ts";
import { createFunction, createImage } from "../workspace.ts";

const SUBSCRIPTIONS = ["one", "two", "three", "four"];
/** Events that are emitted by one request. */
const BATCH = 50;
const FLAGS = ["--max-waiting-events", "0"];

export const eventQueue: Measure = async ({ installation, queued }) => {
  const folder = await newDataFolder();
  const each = Math.ceil(queued / SUBSCRIPTIONS.length);
  const servers: DispatchServer[] = [];
  const start = async (): Promise<DispatchServer> => {
    const server = await startOn(folder, installation, FLAGS);
    servers.push(server);
    return server;
  };
  try {
    const first = await start();
    await prepare(first.rest);
    const accepted = await emitAll(first, each);
    await kill(first);
    const second = await start();
    await resume(second.rest);
    await ran(second.rest, "counted", Math.ceil(queued / 4));
    await kill(second);
    const third = await start();
    const begun = performance.now();
    await allDelivered(third.rest);
    const perSecond = (queued * 0.75) / ((performance.now() - begun) / 1000);
    return await rowsOf(third.rest, { each, accepted, perSecond });
  } finally {
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

async function prepare(rest: Rest): Promise<void> {
  await createImage(rest, "nodejs");
  await createFunction(rest, "nodejs", "counted", "module.exports = () => null;\n");
  await rest.ready("/v1/function/counted");
  for (const name of SUBSCRIPTIONS)
    await subscribe(rest, { name, eventType: `bench.${name}`, function: "counted", paused: true });
}

/** Events a second. Those of one subscription come one batch after the other. */
async function emitAll({ api }: DispatchServer, each: number): Promise<number> {
  const batches = Math.ceil(each / BATCH);
  const begun = performance.now();
  await Promise.all(
    SUBSCRIPTIONS.map(async (name) => {
      const json = { ...headers, "Content-Type": "application/cloudevents-batch+json" };
      const body = (at: number): string => JSON.stringify(batch(name, at * BATCH, Math.min(each, (at + 1) * BATCH)));
      const { errors } = await load({ url: `${api}/v1/event`, headers: json, body }, 1, batches);
      if (errors > 0) throw new Error(`${errors} of ${batches} batches were not taken`);
    }),
  );
  return (each * SUBSCRIPTIONS.length) / ((performance.now() - begun) / 1000);
}

function batch(name: string, from: number, to: number): object[] {
  return Array.from({ length: to - from }, (_, at) => ({
    ...{ specversion: "1.0", type: `bench.${name}`, source: name, id: String(from + at) },
    ...{ datacontenttype: "application/json", data: { name, n: from + at } },
  }));
}

async function kill(server: DispatchServer): Promise<void> {
  process.kill(server.pid, "SIGKILL");
  await server.stop();
}

async function resume(rest: Rest): Promise<void> {
  for (const name of SUBSCRIPTIONS) await rest.call("POST", `/v1/event/subscriptions/${name}/resume`);
}

const PATIENCE_MS = 1_800_000;
const LOOK_EVERY_MS = 1000;

async function allDelivered(rest: Rest): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (const name of SUBSCRIPTIONS)
    for (;;) {
      const { waiting } = await rest.call<{ waiting: number }>("GET", `/v1/event/subscriptions/${name}/details`);
      if (waiting === 0) break;
      if (performance.now() > until) throw new Error(`${waiting} events still wait for subscription ${name}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
}

interface Told {
  readonly each: number;
  readonly accepted: number;
  readonly perSecond: number;
}

async function rowsOf(rest: Rest, { each, accepted, perSecond }: Told): Promise<Row[]> {
  const begun = await firstRuns(rest);
  const all = each * SUBSCRIPTIONS.length;
  const lost = SUBSCRIPTIONS.reduce((sum, name) => sum + each - (begun.get(name)?.length ?? 0), 0);
  const swapped = [...begun.values()].reduce((sum, numbers) => sum + outOfOrder(numbers), 0);
  const words = `${all.toLocaleString("en")} events that wait and two kills of the server`;
  return [
    atMost(`${words}: lost`, lost, 0, "events"),
    atMost(`${words}: out of the order of their subscription`, swapped, 0, "events"),
    fact("events on record in batches of 50, 4 clients", accepted, "/s"),
    fact("events delivered that waited", perSecond, "/s"),
  ];
}

function outOfOrder(numbers: readonly number[]): number {
  return numbers.filter((n, at) => n < (numbers[at - 1] ?? 0)).length;
}

interface Run {
  readonly status: string;
  readonly input: { readonly name: string; readonly n: number };
}

/** By subscription: the numbers of its events in the order in which they first began. Only events of which a run ended well count. */
async function firstRuns(rest: Rest): Promise<ReadonlyMap<string, number[]>> {
  const found = new Map(SUBSCRIPTIONS.map((name) => [name, new Set<number>()]));
  const ended = new Map(SUBSCRIPTIONS.map((name) => [name, new Set<number>()]));
  for (const { status, input } of await allRuns(rest)) {
    found.get(input.name)?.add(input.n);
    if (status === "READY") ended.get(input.name)?.add(input.n);
  }
  return new Map([...found].map(([name, numbers]) => [name, [...numbers].filter((n) => ended.get(name)?.has(n))]));
}

/** Oldest first. */
async function allRuns(rest: Rest): Promise<Run[]> {
  const runs: Run[] = [];
  for (let cursor = ""; ; ) {
    const answer = await fetch(`${rest.base}/v1/runs?functionName=counted&limit=1000${cursor}`, { headers });
    runs.push(...((await answer.json()) as Run[]));
    const next = answer.headers.get("x-dispatch-next-cursor") ?? "";
    if (next === "") return runs.reverse();
    cursor = `&cursor=${next}`;
  }
}
