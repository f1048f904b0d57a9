/**
 * How long a call of one function takes while all clients flood another, beside how long it takes alone. Every round does
 * both, one after the other; what counts is the ratio of a round, and of those the median.
 */
import { startDispatch } from "../dispatch-server.ts";
import { load, type Request } from "../load.ts";
import type { Measure } from "../measure.ts";
import { headers } from "../rest.ts";
import { atMost, withUnit } from "../row.ts";
import { median, percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

/** Of the requests of a round, those that are timed. */
const TIMED_SHARE = 0.05;

export const fairness: Measure = async ({ installation, clients, requests, rounds }) => {
  const server = await startDispatch(installation);
  try {
    await createImage(server.rest, "nodejs");
    for (const name of ["flooded", "quiet"]) {
      await createFunction(server.rest, "nodejs", name);
      await server.rest.ready(`/v1/function/${name}`);
    }
    const callOf = (name: string): Request => ({
      url: `${server.api}/v1/runs?functionName=${name}`,
      headers,
      body: `{"blocking":true,"input":${input}}`,
    });
    const timed = Math.ceil(requests * TIMED_SHARE);
    await Promise.all(["flooded", "quiet"].map((name) => load(callOf(name), clients, timed)));
    const rows: { idle: number; flooded: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const idle = await p99(callOf("quiet"), timed);
      rows.push({ idle, flooded: await whileFlooded(callOf("flooded"), clients, () => p99(callOf("quiet"), timed)) });
    }
    const beside = `${withUnit(median(rows.map(({ idle }) => idle)), "ms")} idle, ${withUnit(median(rows.map(({ flooded }) => flooded)), "ms")} flooded`;
    const ratio = median(rows.map(({ idle, flooded }) => flooded / idle));
    return [atMost(`p99 of a function while ${clients} clients flood another`, ratio, 2, "x idle", beside)];
  } finally {
    await server.stop();
  }
};

async function p99(request: Request, count: number): Promise<number> {
  const { latencies, errors } = await load(request, 1, count);
  if (errors > 0) throw new Error(`${errors} of ${count} calls failed`);
  return percentile(latencies, 0.99);
}

const FLOOD = 1000;

/** Floods in one request after the other until `measure` is done. */
async function whileFlooded<T>(request: Request, clients: number, measure: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const flood = async (): Promise<void> => {
    while (!done.signal.aborted) await load(request, clients, FLOOD);
  };
  const flooding = flood();
  try {
    return await measure();
  } finally {
    done.abort();
    await flooding;
  }
}
