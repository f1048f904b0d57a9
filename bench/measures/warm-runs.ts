/**
 * Warm, recorded, blocking runs through REST and through the gateway, beside a bare echo. Every round does all three, so
 * that whatever else the machine does hits them alike; what counts is the ratio of a round, and of those the median.
 */
import { join } from "node:path";
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { load, type Request } from "../load.ts";
import type { Measure } from "../measure.ts";
import { cpuMicroseconds } from "../process-tree.ts";
import { startProgram } from "../program.ts";
import { headers } from "../rest.ts";
import { atLeast, atMost, fact, type Row, withUnit } from "../row.ts";
import { median, percentile } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";

/** One target in one round. */
interface Sample {
  /** CPU of the servers, microseconds a request. */
  readonly cpu: number;
  readonly perSecond: number;
  /** Milliseconds at one client. */
  readonly p50: number;
  readonly errors: number;
}

interface Target {
  readonly name: string;
  readonly pid: number;
  readonly request: Request;
}

const SINGLE_SHARE = 0.1;
const WARM_UP_SHARE = 0.5;

export const warmRuns: Measure = async (options) => {
  const { installation, clients, requests, rounds } = options;
  const echo = await startProgram(process.execPath, [join(import.meta.dirname, "../echo-server.ts")], [/(http:\S+)/]);
  const server = await startDispatch(installation);
  try {
    await prepare(server);
    const targets = targetsOf(server, { pid: echo.pid, url: echo.found[0] ?? "" });
    for (const { request } of targets) await load(request, clients, Math.ceil(requests * WARM_UP_SHARE));
    const samples = new Map(targets.map((target) => [target.name, [] as Sample[]]));
    for (let round = 0; round < rounds; round++) {
      for (const target of targets) samples.get(target.name)?.push(await sample(target, clients, requests));
    }
    return rowsOf(samples);
  } finally {
    await Promise.all([server.stop(), echo.stop()]);
  }
};

async function prepare({ rest }: DispatchServer): Promise<void> {
  await createImage(rest, "nodejs");
  await createFunction(rest, "nodejs", "hello");
  await rest.ready("/v1/function/hello");
  await rest.call("POST", "/v1/api", {
    name: "hello",
    function: "hello",
    uris: ["/hello"],
    methods: ["POST"],
    enabled: true,
  });
  await rest.ready("/v1/api/hello");
}

function targetsOf(server: DispatchServer, echo: { pid: number; url: string }): Target[] {
  const json = { "Content-Type": "application/json" };
  const run = { url: `${server.api}/v1/runs?functionName=hello`, headers, body: `{"blocking":true,"input":${input}}` };
  return [
    { name: "echo", pid: echo.pid, request: { url: `${echo.url}/`, headers: json, body: input } },
    { name: "REST", pid: server.pid, request: run },
    { name: "gateway", pid: server.pid, request: { url: `${server.gateway}/hello`, headers: json, body: input } },
  ];
}

async function sample({ pid, request }: Target, clients: number, requests: number): Promise<Sample> {
  const before = cpuMicroseconds(pid);
  const { seconds, errors } = await load(request, clients, requests);
  const cpu = (cpuMicroseconds(pid) - before) / requests;
  const single = await load(request, 1, Math.ceil(requests * SINGLE_SHARE));
  return { cpu, perSecond: requests / seconds, p50: percentile(single.latencies, 0.5), errors: errors + single.errors };
}

function rowsOf(samples: ReadonlyMap<string, readonly Sample[]>): Row[] {
  const echo = samples.get("echo") ?? [];
  const rows = ["REST", "gateway"].flatMap((name) => targetRows(name, samples.get(name) ?? [], echo));
  const perSecond = median(echo.map((sample) => sample.perSecond));
  return [...rows, fact("bare echo, 32 clients", perSecond, "/s", cpuText(echo))];
}

function targetRows(name: string, samples: readonly Sample[], echo: readonly Sample[]): Row[] {
  const ratios = (value: (sample: Sample) => number): number =>
    median(samples.map((sample, round) => value(sample) / value(echo[round] ?? sample)));
  const perSecond = withUnit(median(samples.map((sample) => sample.perSecond)), "/s");
  const errors = samples.reduce((sum, sample) => sum + sample.errors, 0);
  const p50 = median(samples.map((sample) => sample.p50));
  const run = `warm run through ${name}`;
  return [
    atMost(
      `${run}: CPU of server and workers`,
      ratios((sample) => sample.cpu),
      3,
      "x echo",
      cpuText(samples),
    ),
    atLeast(
      `${run}: throughput, 32 clients`,
      ratios((sample) => sample.perSecond),
      1 / 6,
      "x echo",
      perSecond,
    ),
    atMost(`${run}: p50, one client`, p50, 1.5, "ms"),
    atMost(`${run}: errors`, errors, 0, "of all"),
  ];
}

function cpuText(samples: readonly Sample[]): string {
  return withUnit(median(samples.map(({ cpu }) => cpu)), "us of CPU a request");
}
