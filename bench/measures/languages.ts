/** Each language that is here beside its own interpreter: first answers, memory of a worker that waits, work of a warm call. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { languageNames } from "../../src/core/languages/languages.ts";
import type { Language } from "../../src/core/shared/ports.ts";
import { type Bare, memoryWaiting, startTime, withBare } from "../bare-interpreters.ts";
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { reached } from "../gauges.ts";
import { load, type Request } from "../load.ts";
import type { Measure } from "../measure.ts";
import type { Options } from "../options.ts";
import { descendantsOf, ownCpuMicroseconds, privateMebibytes } from "../process-tree.ts";
import { startProgram } from "../program.ts";
import { headers } from "../rest.ts";
import { atMost, type Row, withUnit } from "../row.ts";
import { median } from "../statistics.ts";
import { createFunction, createImage, input } from "../workspace.ts";
import { callOnce, WARM } from "./one-call.ts";

/** What is promised: milliseconds, times the bare start, and mebibytes more than the bare interpreter. */
const goals = {
  nodejs: { waiting: 5, nothing: 1.6, memory: 3 },
  python3: { waiting: 5, nothing: 1.6, memory: 3 },
  java: { waiting: 10, nothing: 1.3, memory: 10 },
  powershell: { waiting: 20, nothing: 1.6, memory: 10 },
} as const satisfies Record<Language, object>;

/** Microseconds of the server's processor that a warm call may cost more than an echo. */
const OVERHEAD_GOAL = 60;
const CLIENTS = 4;

/** Workers end this soon after their last run. */
const IDLE = ["--worker-idle-timeout", "1s"];

interface Site {
  readonly server: DispatchServer;
  readonly language: Language;
  readonly bare: Bare;
  readonly options: Options;
}

export const languages: Measure = async (options) => {
  const rows: Row[] = [];
  for (const language of languageNames.filter((name) => options.languages.includes(name))) {
    const search = await findInterpreter(language);
    if (!search.found) console.error(`${language} is left out: ${search.reason}`);
    else
      rows.push(...(await withBare(language, search.interpreter.command, (bare) => measured(options, language, bare))));
  }
  return rows;
};

async function measured(options: Options, language: Language, bare: Bare): Promise<Row[]> {
  // Memory first: nothing has been called yet, so every worker still waits.
  const [own, first, warm] = await onServer({ options, language, bare }, WARM, async (site) => [
    await memory(site),
    await fromWaiting(site),
    await overhead(site),
  ]);
  const cold = await onServer({ options, language, bare }, 0, fromNothing);
  return [first, cold, own, warm];
}

async function onServer<T>(
  what: Omit<Site, "server">,
  warmWorkers: number,
  measure: (site: Site) => Promise<T>,
): Promise<T> {
  const { options, language } = what;
  const server = await startDispatch(options.installation, [...IDLE, "--warm-workers", String(warmWorkers)]);
  try {
    await createImage(server.rest, language);
    for (const name of functionsOf(options)) await createFunction(server.rest, language, name);
    for (const name of functionsOf(options)) await server.rest.ready(`/v1/function/${name}`, 20);
    await allIdle(server, warmWorkers);
    return await measure({ ...what, server });
  } finally {
    await server.stop();
  }
}

const functionsOf = ({ coldCalls }: Options): string[] => Array.from({ length: coldCalls }, (_, index) => `f${index}`);

async function allIdle({ rest }: DispatchServer, warmWorkers: number): Promise<void> {
  await reached(rest, "dispatch_function_workers", 0);
  await reached(rest, "dispatch_generic_workers", warmWorkers);
}

async function fromWaiting({ server, language, options }: Site): Promise<Row> {
  const times: number[] = [];
  for (const name of functionsOf(options)) {
    await reached(server.rest, "dispatch_generic_workers", WARM);
    times.push(await callOnce(server.api, name));
  }
  const slowest = `slowest ${withUnit(Math.max(...times), "ms")}`;
  return atMost(`first answer of a waiting worker, ${language}`, median(times), goals[language].waiting, "ms", slowest);
}

/** Each call beside a bare start. */
async function fromNothing({ server, language, bare, options }: Site): Promise<Row> {
  const pairs: { readonly call: number; readonly start: number }[] = [];
  for (const name of functionsOf(options))
    pairs.push({ start: await startTime(bare), call: await callOnce(server.api, name) });
  const middle = (value: (pair: (typeof pairs)[number]) => number): string => withUnit(median(pairs.map(value)), "ms");
  const beside = `${middle(({ call }) => call)} against ${middle(({ start }) => start)}`;
  const ratio = median(pairs.map(({ call, start }) => call / start));
  return atMost(`first answer from nothing, ${language}`, ratio, goals[language].nothing, "x bare start", beside);
}

async function memory({ server, language, bare }: Site): Promise<Row> {
  const { ino } = statSync(bare.command);
  const workers = descendantsOf(server.pid).filter(
    (pid) => isSandboxed(pid) && inodeOf(join("/proc", `${pid}`, "exe")) === ino,
  );
  const own = median(workers.map(privateMebibytes));
  const alone = await memoryWaiting(bare);
  const beside = `${withUnit(own, "MB")} against ${withUnit(alone, "MB")}`;
  return atMost(`memory of a waiting worker, ${language}`, own - alone, goals[language].memory, "MB more", beside);
}

/** Whether it lives among other processes than this program does. */
const isSandboxed = (pid: number): boolean => inodeOf(`/proc/${pid}/ns/pid`) !== inodeOf("/proc/self/ns/pid");

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** What the server itself spends on a warm call, without its workers, beside an echo. */
async function overhead({ server, language, options }: Site): Promise<Row> {
  const echo = await startProgram(process.execPath, [join(import.meta.dirname, "../echo-server.ts")], [/(http:\S+)/]);
  try {
    const body = `{"blocking":true,"input":${input}}`;
    const run = await cpuOf({ url: `${server.api}/v1/runs?functionName=f0`, headers, body }, server.pid, options);
    const bare = await cpuOf({ url: `${echo.found[0] ?? ""}/`, headers, body: input }, echo.pid, options);
    const beside = `${withUnit(run, "us")} against ${withUnit(bare, "us")} of CPU a call`;
    return atMost(`warm call, ${language}: the server alone`, run - bare, OVERHEAD_GOAL, "us more than echo", beside);
  } finally {
    await echo.stop();
  }
}

async function cpuOf(request: Request, pid: number, { requests }: Options): Promise<number> {
  const count = Math.ceil(requests / 10);
  await load(request, CLIENTS, count);
  const before = ownCpuMicroseconds(pid);
  const { errors } = await load(request, CLIENTS, count);
  if (errors > 0) throw new Error(`${errors} of ${count} calls failed`);
  return (ownCpuMicroseconds(pid) - before) / count;
}
