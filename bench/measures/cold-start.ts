/** The first call of functions that have no worker at all. */
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { gauge, reached } from "../gauges.ts";
import type { Measure } from "../measure.ts";
import { atMost, fact, type Row, withUnit } from "../row.ts";
import { median } from "../statistics.ts";
import { createFunction, createImage } from "../workspace.ts";
import { callOnce, WARM } from "./one-call.ts";

const FUNCTION_WORKERS = "dispatch_function_workers";

/** Workers end this soon after their last run. */
const IDLE = ["--worker-idle-timeout", "1s"];

export const coldStart: Measure = async ({ installation, coldFunctions, burst }) => {
  const names = Array.from({ length: Math.max(coldFunctions, burst) }, (_, index) => `cold-${index}`);
  const warm = await withFunctions(installation, names, WARM, async (server) => ({
    single: await oneByOne(server, names.slice(0, coldFunctions), WARM),
    burst: await atOnce(server, names.slice(0, burst)),
  }));
  const empty = await withFunctions(installation, names, 0, (server) =>
    oneByOne(server, names.slice(0, coldFunctions), 0),
  );
  return rowsOf(warm.single, warm.burst, empty);
};

async function withFunctions<T>(
  installation: string,
  names: readonly string[],
  warmWorkers: number,
  measure: (server: DispatchServer) => Promise<T>,
): Promise<T> {
  const server = await startDispatch(installation, [...IDLE, "--warm-workers", String(warmWorkers)]);
  try {
    await createImage(server.rest, "nodejs");
    for (const name of names) await createFunction(server.rest, "nodejs", name);
    for (const name of names) await server.rest.ready(`/v1/function/${name}`, 20);
    await reached(server.rest, FUNCTION_WORKERS, 0);
    await reached(server.rest, "dispatch_generic_workers", warmWorkers);
    return await measure(server);
  } finally {
    await server.stop();
  }
}

/** Waits before each call until the warm set is full again. */
async function oneByOne({ rest, api }: DispatchServer, names: readonly string[], waiting: number): Promise<number[]> {
  const times: number[] = [];
  for (const name of names) {
    await reached(rest, "dispatch_generic_workers", waiting);
    const workers = gauge(await rest.metrics(), FUNCTION_WORKERS, name);
    if (workers !== 0) throw new Error(`${name} was to be cold and has ${workers} workers`);
    times.push(await callOnce(api, name));
  }
  return times;
}

async function atOnce({ rest, api }: DispatchServer, names: readonly string[]): Promise<number[]> {
  await reached(rest, FUNCTION_WORKERS, 0);
  await reached(rest, "dispatch_generic_workers", WARM);
  return Promise.all(names.map((name) => callOnce(api, name)));
}

function rowsOf(single: readonly number[], burst: readonly number[], empty: readonly number[]): Row[] {
  const worst = (times: readonly number[]): string => `slowest ${withUnit(Math.max(...times), "ms")}`;
  return [
    atMost("cold call from the warm set: p50", median(single), 15, "ms", worst(single)),
    fact("cold call with an empty warm set: p50", median(empty), "ms", worst(empty)),
    fact(`${burst.length} cold functions called at once: p50`, median(burst), "ms", worst(burst)),
  ];
}
