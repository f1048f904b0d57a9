/**
 * How long a call of one function takes while all clients flood another, and while another writes to its log without end,
 * beside how long it takes alone. Every round does all, one after the other; what counts is the ratio of a round, and of those
 * the median.
 */
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { load, type Request } from "../load.ts";
import type { Measure } from "../measure.ts";
import { headers } from "../rest.ts";
import { atMost, type Row, withUnit } from "../row.ts";
import { median, percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

/** Of the requests of a round, those that are timed. */
const TIMED_SHARE = 0.05;

/** Ten megabytes a second. */
const SHOUTING = `const text = ("x".repeat(1023) + "\\n").repeat(1024);
module.exports = async () => {
  for (let turn = 0; turn < 10; turn++) {
    process.stdout.write(text);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
`;

/** Milliseconds of one round. */
interface Sample {
  readonly idle: number;
  readonly flooded: number;
  readonly shouted: number;
}

export const fairness: Measure = async ({ installation, clients, requests, rounds }) => {
  const server = await startDispatch(installation);
  const timed = Math.ceil(requests * TIMED_SHARE);
  try {
    await prepare(server);
    const [quiet, flooded, shouting] = ["quiet", "flooded", "shouting"].map((name) => callOf(server, name));
    if (quiet === undefined || flooded === undefined || shouting === undefined) return [];
    for (const warm of [quiet, flooded]) await load(warm, clients, timed);
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      samples.push({
        idle: await p99(quiet, timed),
        flooded: await beside(flooded, clients, FLOOD, () => p99(quiet, timed)),
        shouted: await beside(shouting, SHOUTERS, SHOUTERS, () => p99(quiet, timed)),
      });
    }
    return [
      row(`p99 of a function while ${clients} clients flood another`, samples, ({ flooded: value }) => value),
      row("p99 of a function while another writes 10 MB a second to its log", samples, ({ shouted }) => shouted),
    ];
  } finally {
    await server.stop();
  }
};

async function prepare({ rest }: DispatchServer): Promise<void> {
  await createImage(rest, "nodejs");
  await createFunction(rest, "nodejs", "quiet");
  await createFunction(rest, "nodejs", "flooded");
  await createFunction(rest, "nodejs", "shouting", SHOUTING);
  for (const name of ["quiet", "flooded", "shouting"]) await rest.ready(`/v1/function/${name}`);
}

function callOf({ api }: DispatchServer, name: string): Request {
  return { url: `${api}/v1/runs?functionName=${name}`, headers, body: `{"blocking":true,"input":${input}}` };
}

function row(measure: string, samples: readonly Sample[], pick: (sample: Sample) => number): Row {
  const ratio = median(samples.map((sample) => pick(sample) / sample.idle));
  const [idle, value] = [median(samples.map((sample) => sample.idle)), median(samples.map(pick))];
  return atMost(measure, ratio, 2, "x idle", `${withUnit(value, "ms")}, idle ${withUnit(idle, "ms")}`);
}

async function p99(request: Request, count: number): Promise<number> {
  const { latencies, errors } = await load(request, 1, count);
  if (errors > 0) throw new Error(`${errors} of ${count} calls failed`);
  return percentile(latencies, 0.99);
}

/** Requests at a time. */
const FLOOD = 1000;
const SHOUTERS = 1;

/** Sends one load after the other until `measure` is done. */
async function beside<T>(request: Request, clients: number, count: number, measure: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const flood = async (): Promise<void> => {
    while (!done.signal.aborted) await load(request, clients, count);
  };
  const flooding = flood();
  try {
    return await measure();
  } finally {
    done.abort();
    await flooding;
  }
}
