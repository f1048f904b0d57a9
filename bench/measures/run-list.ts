/** Lists out of many stored runs: how soon they come, what they cost the server, and what others feel of them. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type DispatchServer, newDataFolder, startOn } from "../dispatch-server.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import type { Options } from "../options.ts";
import { residentMebibytes } from "../process-tree.ts";
import { headers } from "../rest.ts";
import { atMost, fact, type Row, withUnit } from "../row.ts";
import { type SeededFunction, seedRuns } from "../seed-runs.ts";
import { percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

const LISTS = 300;
const LONG_LISTS = 10;
const IDLE_MS = 3000;
/** Settings under which no run is deleted: what is measured must stay. */
const KEEP = ["--keep-runs", "0s", "--keep-runs-per-function", "0", "--keep-runs-per-organization", "0"];

export const runList: Measure = async (options) => {
  const { installation, storedRuns } = options;
  const folder = await newDataFolder();
  try {
    const function_ = await prepared(folder, installation);
    seedRuns(folder, function_, storedRuns);
    const server = await startOn(folder, installation, KEEP);
    try {
      await server.rest.ready("/v1/function/hello");
      await sleep(IDLE_MS);
      return await measured(server, options);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A function whose runs are to be stored. */
async function prepared(folder: string, installation: string): Promise<SeededFunction> {
  const server = await startOn(folder, installation, KEEP);
  try {
    await createImage(server.rest, "nodejs");
    await createFunction(server.rest, "nodejs", "hello");
    await server.rest.ready("/v1/function/hello");
    const { id, faasId } = await server.rest.call<{ id: string; faasId: string }>("GET", "/v1/function/hello");
    return { organization: headers["X-Dispatch-Org"], name: "hello", id, faasId };
  } finally {
    await server.stop();
  }
}

async function measured(server: DispatchServer, { storedRuns, requests }: Options): Promise<Row[]> {
  const idle = residentMebibytes(server.pid);
  const latest = await listTimes(server, "dispatch-server");
  const empty = await listTimes(server, "nobody");
  const before = residentMebibytes(server.pid);
  const firsts: number[] = [];
  for (let at = 0; at < LONG_LISTS; at++) firsts.push(await firstByte(server));
  const added = residentMebibytes(server.pid) - before;
  const many = storedRuns.toLocaleString("en");
  const searches: number[] = [];
  for (let at = 0; at < LONG_LISTS; at++) searches.push(await firstByte(server, "?user=nobody"));
  return [
    atMost(
      `latest 50 of ${many} runs, in the server`,
      latest - empty,
      2,
      "ms",
      `an empty list ${withUnit(empty, "ms")}`,
    ),
    atMost(`list without limit of ${many} runs: first byte`, percentile(firsts, 0.5), 50, "ms"),
    atMost(`${LONG_LISTS} lists without limit: more memory`, added, 20, "MB"),
    atMost(`list by a user who asked for none of ${many} runs`, percentile(searches, 0.5), 500, "ms"),
    ...(await besides(server, Math.ceil(requests / 10))),
    atMost("resident memory of the server, idle", idle, 120, "MB"),
    fact(`resident memory after lists of ${many} runs`, residentMebibytes(server.pid), "MB"),
  ];
}

/** The median of many lists, in milliseconds; an organization without runs shows what the rest of a request costs. */
async function listTimes({ api }: DispatchServer, organization: string): Promise<number> {
  const request = {
    url: `${api}/v1/runs?limit=50`,
    method: "GET",
    headers: { ...headers, "X-Dispatch-Org": organization },
  };
  const { latencies, errors } = await load(request, 1, LISTS);
  if (errors > 0) throw new Error(`${errors} lists failed`);
  return percentile(latencies, 0.5);
}

/** Of a list without limit, in milliseconds; the rest is read as well. */
async function firstByte({ api }: DispatchServer, query = ""): Promise<number> {
  const begun = performance.now();
  const { body } = await fetch(`${api}/v1/runs${query}`, { headers });
  let first: number | undefined;
  for await (const _ of body ?? []) first ??= performance.now() - begun;
  return first ?? 0;
}

/** How long warm runs take while nobody else is there, while lists are read one after the other, and while all is deleted. */
async function besides(server: DispatchServer, runs: number): Promise<Row[]> {
  const alone = await runTimes(server, runs);
  let listing = true;
  const lists = (async () => {
    while (listing) await firstByte(server);
  })();
  const beside = await runTimes(server, runs);
  listing = false;
  await lists;
  await createFunction(server.rest, "nodejs", "other");
  await server.rest.ready("/v1/function/other");
  await runTimes(server, runs, "other");
  await server.rest.call("DELETE", "/v1/function/hello");
  const deleting = await runTimes(server, runs, "other");
  const note = `alone ${withUnit(alone, "ms")}`;
  return [
    atMost("warm run while lists are read: p99", beside / alone, 2, "x alone", note),
    atMost("warm run while its neighbour's runs are deleted: p99", deleting / alone, 2, "x alone", note),
  ];
}

async function runTimes({ api }: DispatchServer, runs: number, name = "hello"): Promise<number> {
  const url = `${api}/v1/runs?functionName=${name}`;
  const { latencies, errors } = await load({ url, headers, body: `{"blocking":true,"input":${input}}` }, 1, runs);
  if (errors > 0) throw new Error(`${errors} of ${runs} runs failed`);
  return percentile(latencies, 0.99);
}
