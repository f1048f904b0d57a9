/**
 * Events: how long one takes from its sender to the inside of a warm function, also beside a subscription that fails for ever;
 * how many are taken in a second, and how many reach their function, beside a bare echo. What counts is the ratio of a round,
 * and of those the median.
 */
import { join } from "node:path";
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { ENTERED, emission, entries, monotonic, ran, subscribe } from "../emissions.ts";
import { load, type Request } from "../load.ts";
import type { Measure } from "../measure.ts";
import { type Program, startProgram } from "../program.ts";
import { atLeast, atMost, type Row, withUnit } from "../row.ts";
import { median, percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

/** Of the requests of a round, those that are timed one by one. */
const TIMED_SHARE = 0.05;
/** Between the answer to one of those and the next: what the one before has left is done by then. */
const PAUSE_MS = 20;
const FAILING = "module.exports = () => { throw new Error('always'); };\n";

/** One round: events or requests a second, and milliseconds to the inside of the function. */
interface Sample {
  readonly echo: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly alone: Float64Array;
  readonly besideFailing: Float64Array;
}

export const events: Measure = async ({ installation, clients, requests, rounds }) => {
  const echo = await startProgram(process.execPath, [join(import.meta.dirname, "../echo-server.ts")], [/(http:\S+)/]);
  const server = await startDispatch(installation, ["--max-waiting-events", "0"]);
  try {
    await prepare(server);
    const round = new Round(server, echo, clients);
    await round.warmUp(Math.ceil(requests / 2));
    const samples: Sample[] = [];
    while (samples.length < rounds) samples.push(await round.sample(requests));
    return rowsOf(samples, clients);
  } finally {
    await Promise.all([server.stop(), echo.stop()]);
  }
};

async function prepare({ rest }: DispatchServer): Promise<void> {
  await createImage(rest, "nodejs");
  await createFunction(rest, "nodejs", "entered", ENTERED);
  await createFunction(rest, "nodejs", "failing", FAILING);
  for (const name of ["entered", "failing"]) await rest.ready(`/v1/function/${name}`);
  await subscribe(rest, { name: "entered", eventType: "bench.entered", function: "entered" });
  await subscribe(rest, { name: "kept", eventType: "bench.kept", function: "entered", paused: true });
  await subscribe(rest, { name: "failing", eventType: "bench.failing", function: "failing", retries: 100 });
}

class Round {
  readonly #server: DispatchServer;
  readonly #echo: Request;
  readonly #clients: number;
  #runs = 0;

  constructor(server: DispatchServer, echo: Program, clients: number) {
    this.#server = server;
    this.#echo = { url: `${echo.found[0]}/`, headers: { "Content-Type": "application/json" }, body: input };
    this.#clients = clients;
  }

  async warmUp(requests: number): Promise<void> {
    await load(this.#echo, this.#clients, requests);
    await this.#deliver(requests);
  }

  async sample(requests: number): Promise<Sample> {
    const timed = Math.ceil(requests * TIMED_SHARE);
    const echo = await load(this.#echo, this.#clients, requests);
    const kept = await this.#emit("bench.kept", requests);
    const delivered = await this.#deliver(requests);
    const alone = await this.#time(timed);
    await this.#emit("bench.failing", timed);
    const besideFailing = await this.#time(timed);
    return {
      ...{ echo: requests / echo.seconds, accepted: requests / kept, delivered: requests / delivered },
      ...{ alone, besideFailing },
    };
  }

  /** Seconds until all are acknowledged. */
  async #emit(eventType: string, count: number): Promise<number> {
    const { seconds, errors } = await load(emission(this.#server, eventType), this.#clients, count);
    if (errors > 0) throw new Error(`${errors} of ${count} events were not taken`);
    return seconds;
  }

  /** Seconds until the function has run for all. */
  async #deliver(count: number): Promise<number> {
    const begun = performance.now();
    await this.#emit("bench.entered", count);
    this.#runs += count;
    await ran(this.#server.rest, "entered", this.#runs);
    return (performance.now() - begun) / 1000;
  }

  /** Milliseconds from sending each event to its function, one after the other. */
  async #time(count: number): Promise<Float64Array> {
    const sent: number[] = [];
    const request = emission(this.#server, "bench.entered", (n) => {
      sent[n] = monotonic();
    });
    const { errors } = await load({ ...request, pause: PAUSE_MS }, 1, count);
    if (errors > 0) throw new Error(`${errors} of ${count} events were not taken`);
    this.#runs += count;
    await ran(this.#server.rest, "entered", this.#runs);
    const found = (await entries(this.#server.rest, "entered")).slice(-count);
    return Float64Array.from(found, ({ n, at }) => at - (sent[n] ?? Number.NaN));
  }
}

function rowsOf(samples: readonly Sample[], clients: number): Row[] {
  const ratio = (value: (sample: Sample) => number): number =>
    median(samples.map((sample) => value(sample) / sample.echo));
  const perSecond = (value: (sample: Sample) => number): string => withUnit(median(samples.map(value)), "/s");
  const at = (share: number, value: (sample: Sample) => Float64Array): number =>
    median(samples.map((sample) => percentile(value(sample), share)));
  const p99s = samples.map(({ alone, besideFailing }) => percentile(besideFailing, 0.99) / percentile(alone, 0.99));
  const accepted = (sample: Sample): number => sample.accepted;
  const delivered = (sample: Sample): number => sample.delivered;
  const both = `${withUnit(
    at(0.99, ({ besideFailing }) => besideFailing),
    "ms",
  )}, alone ${withUnit(
    at(0.99, ({ alone }) => alone),
    "ms",
  )}`;
  return [
    atMost(
      "an event from its sender to inside a warm function: p50",
      at(0.5, ({ alone }) => alone),
      3,
      "ms",
    ),
    atLeast(`events on record, ${clients} clients`, ratio(accepted), 0.35, "x echo", perSecond(accepted)),
    atLeast(
      `events on record and through their function, ${clients} clients`,
      ratio(delivered),
      0.14,
      "x echo",
      perSecond(delivered),
    ),
    atMost("p99 to inside a function beside a subscription that fails for ever", median(p99s), 2, "x alone", both),
  ];
}
