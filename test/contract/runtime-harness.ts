/** What tests of the runtime share: a runtime in a temporary folder, functions made of one text, runs as promises. */

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { createSandbox } from "../../src/adapters/runtime/process/create-sandbox.ts";
import type { Log } from "../../src/adapters/runtime/process/log.ts";
import { createProcessRuntime, type ProcessRuntimeOptions } from "../../src/adapters/runtime/process/runtime.ts";
import type { Sandbox, SandboxOptions } from "../../src/adapters/runtime/process/sandbox.ts";
import { guestsIn } from "../../src/compose/guests.ts";
import { encodeBundle } from "../../src/core/functions/bundle.ts";
import { SecretMask } from "../../src/core/shared/mask/mask.ts";
import type {
  Afterwards,
  BuiltImage,
  Language,
  Limits,
  NetworkKind,
  Outcome,
  Runtime,
  Worker,
} from "../../src/core/shared/ports.ts";

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const LIMITS: Limits = { memory: 256, cpu: 2, pids: 64, disk: 16 };

export const NO_IMAGE: BuiltImage = { digest: "", lock: "" };

/** An image with dependencies that somebody else put there, and their path. */
export const pretendedImage = ({ folder }: Harness, name: string): { image: BuiltImage; path: string } => {
  const digest = createHash("sha256").update(name).digest("hex");
  return { image: { digest, lock: "", folder: digest }, path: join(folder, "images", digest) };
};

export interface Harness {
  readonly runtime: Runtime;
  readonly sandbox: Sandbox;
  readonly folder: string;
  close(): Promise<void>;
}

export type HarnessOptions = Partial<SandboxOptions> &
  Partial<Omit<ProcessRuntimeOptions, "sandbox" | "log" | "guestOf">> & { readonly guestFolder?: string };

export const createHarness = async (options: HarnessOptions = {}): Promise<Harness> => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-test-"));
  const sandbox = await createSandbox({ mode: "bubblewrap", stateDir: join(folder, "state"), log: silent, ...options });
  const guestOf = guestsIn(sandbox, join(folder, "images"), options.guestFolder);
  const runtime = createProcessRuntime({ log: silent, guestOf, ...options, sandbox });
  return {
    runtime,
    sandbox,
    folder,
    close: async () => {
      await runtime.close();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Why sandboxed functions cannot run on this machine; undefined when they can. For `skipIf` and the test's name. */
export const findObstacle = async (network: NetworkKind = "none"): Promise<string | undefined> => {
  const harness = await createHarness({ defaultNetwork: network });
  const { problems } = await harness.runtime.check().finally(harness.close);
  return problems[0];
};

/** Why the memory of a whole worker cannot be limited here; undefined when it can. */
export const findMemoryObstacle = async (): Promise<string | undefined> => {
  const harness = await createHarness();
  const { memory } = harness.sandbox.limits;
  await harness.close();
  return memory?.startsWith("cgroup") ? undefined : "no writable memory cgroup";
};

/** The name of a suite or test, which says loudly why it was skipped. */
export const suiteName = (name: string, obstacle: string | undefined): string =>
  obstacle === undefined ? name : `${name} (SKIPPED: ${obstacle})`;

export interface FunctionOptions {
  readonly organization?: string;
  readonly network?: NetworkKind;
  readonly limits?: Partial<Limits>;
  readonly image?: BuiltImage;
  readonly environment?: Readonly<Record<string, string>>;
  readonly handler?: string;
  /** Instead of files: an artefact. */
  readonly bundle?: Uint8Array;
  readonly files?: Readonly<Record<string, string>>;
  readonly afterwards?: (event: Afterwards) => void;
}

const FILES: Partial<Record<Language, { readonly file: string; readonly handler: string }>> = {
  nodejs: { file: "hello.js", handler: "./hello.js" },
  python3: { file: "hello.py", handler: "hello.handle" },
  powershell: { file: "hello.ps1", handler: "hello.ps1::handle" },
  java: { file: "Hello.java", handler: "Hello" },
};

const bundleOf = (files: Readonly<Record<string, string>>): Buffer =>
  encodeBundle(Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) })));

/** What a worker gets for these files, by the same step that a deployment takes, and whether that made anything of them. */
export const artefactOf = async (
  { sandbox, folder }: Harness,
  language: Language,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ readonly bundle: Uint8Array; readonly isCompiled: boolean }> => {
  const source = Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) }));
  const builder = createLocalBuilder({ folder: join(folder, "images"), sandbox, log: silent });
  const compiled = await builder.compile({ organization: "test", language, image: NO_IMAGE, files: source });
  return { bundle: encodeBundle(compiled ?? source), isCompiled: compiled !== undefined };
};

export const startGeneric = (runtime: Runtime, language: Language, options: FunctionOptions = {}): Promise<Worker> =>
  runtime.start({
    organization: options.organization ?? "test",
    language,
    image: options.image ?? NO_IMAGE,
    network: options.network ?? "none",
    limits: { ...LIMITS, ...options.limits },
  });

/** A worker with a function of one file loaded. */
export const startFunction = async (
  runtime: Runtime,
  language: Language,
  source: string,
  options: FunctionOptions = {},
): Promise<Worker> => {
  const { file = "", handler = "" } = FILES[language] ?? {};
  const worker = await startGeneric(runtime, language, options);
  const own = source === "" ? {} : { [file]: source };
  await worker
    .load({
      handler: options.handler ?? handler,
      bundle: options.bundle ?? bundleOf({ ...own, ...options.files }),
      environment: options.environment ?? {},
      limits: { ...LIMITS, ...options.limits },
      ...(options.afterwards === undefined ? {} : { afterwards: options.afterwards }),
    })
    .catch(async (error: unknown) => {
      await worker.stop("retired");
      throw error;
    });
  return worker;
};

export interface Invoked {
  readonly number: number;
  readonly started: Promise<void>;
  /** How it ended, or "returned". */
  readonly ended: Promise<Outcome | "returned">;
  /** The lines heard so far, as `stream: line`. */
  readonly heard: readonly string[];
}

const hunter2: readonly SecretMask[] = [new SecretMask({ password: "hunter2" })];

export const invoke = (
  worker: Worker,
  payload: unknown,
  context: object = {},
  id = "some run",
  masks = hunter2,
): Invoked => {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Outcome | "returned">();
  const heard: string[] = [];
  const number = worker.invoke(JSON.stringify({ context, payload }), {
    tag: { id, masks },
    started: () => started.resolve(),
    log: (stream, line) => heard.push(`${stream}: ${line}`),
    finished: (outcome) => ended.resolve(outcome),
    returned: () => ended.resolve("returned"),
  });
  return { number, started: started.promise, ended: ended.promise, heard };
};

/** Runs once and gives the outcome. */
export const run = async (worker: Worker, payload: unknown = null, context: object = {}): Promise<Outcome> => {
  const outcome = await invoke(worker, payload, context).ended;
  if (outcome === "returned") throw new Error("the invocation was returned");
  return outcome;
};

/** Runs a function once in a worker of its own; the parsed output, or the error thrown. */
export const evaluate = async (
  runtime: Runtime,
  language: Language,
  source: string,
  options: FunctionOptions & { readonly payload?: unknown } = {},
): Promise<unknown> => {
  const worker = await startFunction(runtime, language, source, options);
  try {
    const { output, error } = await run(worker, options.payload ?? null);
    if (error !== undefined) throw new Error(`${error.type}: ${error.message}`);
    return JSON.parse(output);
  } finally {
    await worker.stop("retired");
  }
};
