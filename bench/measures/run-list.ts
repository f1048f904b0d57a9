/** The latest 50 runs out of many, and the memory of the server that keeps them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import { residentMebibytes } from "../process-tree.ts";
import { headers } from "../rest.ts";
import { atMost, fact, type Row, withUnit } from "../row.ts";
import { percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

const LISTS = 300;
const IDLE_MS = 3000;

export const runList: Measure = async ({ installation, storedRuns, clients }) => {
  const server = await startDispatch(installation);
  try {
    await createImage(server.rest, "nodejs");
    await createFunction(server.rest, "nodejs", "hello");
    await server.rest.ready("/v1/function/hello");
    await sleep(IDLE_MS);
    const idle = residentMebibytes(server.pid);
    await store(server, clients, storedRuns);
    const latest = await listTimes(server, "dispatch-server");
    const nothing = await listTimes(server, "nobody");
    return rowsOf(storedRuns, latest - nothing, nothing, idle, residentMebibytes(server.pid));
  } finally {
    await server.stop();
  }
};

async function store({ api }: DispatchServer, clients: number, count: number): Promise<void> {
  const url = `${api}/v1/runs?functionName=hello`;
  const { errors } = await load({ url, headers, body: `{"blocking":true,"input":${input}}` }, clients, count);
  if (errors > 0) throw new Error(`${errors} of ${count} runs failed`);
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

function rowsOf(stored: number, list: number, empty: number, idle: number, after: number): Row[] {
  const empties = `an empty list ${withUnit(empty, "ms")}`;
  return [
    atMost(`latest 50 of ${stored.toLocaleString("en")} runs, in the server`, list, 5, "ms", empties),
    atMost("resident memory of the server, idle", idle, 120, "MB"),
    fact(`resident memory after ${stored.toLocaleString("en")} runs`, after, "MB"),
  ];
}
