/** The process runtime: workers are sandboxed child processes of the server (design in docs/architecture.md). */
import { join } from "node:path";
import type { BuiltImage, Language, NetworkKind, Runtime, Worker, WorkerSpec } from "../../../core/shared/ports.ts";
import { checkRuntime } from "./check.ts";
import type { GuestCommand } from "./guest.ts";
import type { Log } from "./log.ts";
import type { Sandbox, SandboxedProcess } from "./sandbox.ts";
import { createWorker } from "./worker.ts";

export interface ProcessRuntimeOptions {
  /** From `createSandbox`; shared with the builder and closed by whoever made it, after the runtime. */
  readonly sandbox: Sandbox;
  /** How the guest of a language is started with an image. @throws Error with a sentence when it cannot be started here. */
  guestOf(language: Language, image: BuiltImage): Promise<GuestCommand>;
  /** The network of functions that name none, which `check` tries; default `isolated`. */
  readonly defaultNetwork?: NetworkKind;
  /** Bytes of log kept for a run; default 1 MB. */
  readonly maxLogBytes?: number;
  /** Bytes of JSON that a function may return; default 6 MB. */
  readonly maxOutputBytes?: number;
  /** Longest time until a started worker is warmed; default 30 s. */
  readonly startMilliseconds?: number;
  /** Longest time that loading a function may take; default 60 s. */
  readonly loadMilliseconds?: number;
  readonly log: Log;
}

const MEBIBYTE = 1024 * 1024;

/** Mebibytes of /function: the largest upload is 256 MB unpacked (decision 18). */
const FUNCTION_SPACE = 320;

/** Processors while the guest warms up: only Dispatch's own code runs then. `load` sets the function's share. */
const WARM_UP_CPU = 4;

const startWorker = async (
  options: ProcessRuntimeOptions,
  spec: WorkerSpec,
  id: string,
  background: boolean,
): Promise<{ readonly worker: Worker; readonly process: SandboxedProcess }> => {
  const { sandbox, log } = options;
  const { organization, network, limits } = spec;
  const { modules, ...guest } = await options.guestOf(spec.language, spec.image);
  const process = await sandbox.spawn({
    ...{ ...guest, name: id, network, organization },
    limits: { ...limits, cpu: Math.max(limits.cpu, WARM_UP_CPU) },
    functionSpace: FUNCTION_SPACE,
    channel: true,
    background,
  });
  const worker = await createWorker({
    ...{ id, process, limits, modules, log },
    alone: sandbox.mode === "bubblewrap",
    folder: join(process.temporaryFolder || "/", "function"),
    maxLogBytes: options.maxLogBytes ?? MEBIBYTE,
    maxOutputBytes: options.maxOutputBytes ?? 6 * MEBIBYTE,
    startMilliseconds: options.startMilliseconds ?? 30_000,
    loadMilliseconds: options.loadMilliseconds ?? 60_000,
  });
  return { worker, process };
};

/** The runtime over a sandbox. `close` ends its workers. */
export const createProcessRuntime = (options: ProcessRuntimeOptions): Runtime => {
  const workers = new Map<string, Awaited<ReturnType<typeof startWorker>>>();
  let count = 0;

  const start = async (spec: WorkerSpec, spare = false): Promise<Worker> => {
    count += 1;
    const started = await startWorker(options, spec, `${spec.language}-${count}`, spare);
    const { worker } = started;
    workers.set(worker.id, started);
    void worker.exited.then(() => workers.delete(worker.id));
    return worker;
  };

  return {
    fixedLimits: options.sandbox.fixedLimits,
    start,
    memoryOf: (workerId) => workers.get(workerId)?.process.memoryUsed(),
    check: () => checkRuntime(options.sandbox, start, options.defaultNetwork ?? "isolated"),
    close: async () => {
      await Promise.all([...workers.values()].map(({ worker }) => worker.stop("shutdown")));
    },
  };
};
