/** A real server: the built program in a process of its own, on free ports, with a data folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { databaseFlags } from "./server-database.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Another build can be tried by naming its program. */
const program = process.env.DISPATCH_TEST_SERVER ?? join(root, "bin/dispatch-server");

export type ListenerName = "api" | "gateway" | "apiTls" | "gatewayTls";

export interface ServerOptions {
  /** That of a server before, for a restart; by default a fresh one. */
  readonly dataDir?: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The listeners that must be there before it counts as started. */
  readonly listeners?: readonly ListenerName[];
  /** Where everything that it says is written, too, behind what is there. */
  readonly logFile?: string;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server that has started. */
export class ServerProcess {
  readonly dataDir: string;
  readonly addresses: Readonly<Partial<Record<ListenerName, string>>>;
  readonly log: readonly LogLine[];
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(started: Started, dataDir: string) {
    this.#child = started.child;
    this.addresses = started.addresses;
    this.log = started.log;
    this.ended = started.ended;
    this.dataDir = dataDir;
  }

  get api(): string {
    return this.addresses.api ?? this.addresses.apiTls ?? "";
  }

  get gateway(): string {
    return this.addresses.gateway ?? this.addresses.gatewayTls ?? "";
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it holds of the machine's memory. */
  residentMebibytes(): number {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]) / 1024;
  }

  /** SIGTERM, as an operator stops it. */
  stop(): Promise<Ended> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }

  /** As a power cut would end it: no chance to write anything. */
  kill(): Promise<Ended> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }

  /** Stops it and removes its data folder. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly addresses: Partial<Record<ListenerName, string>>;
  readonly log: LogLine[];
  readonly ended: Promise<Ended>;
}

/** Resolves when it listens. @throws Error with what it said when it ends instead. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const { child, ended } = launch(await flagsOf(options, dataDir), options);
  const errors: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const started: Started = { child, ended, addresses: {}, log: [] };
  await listening(started, options.listeners ?? ["api", "gateway"], errors);
  return new ServerProcess(started, dataDir);
}

/** A server that is killed so many milliseconds after its start, wherever it is then. */
export async function killWhileStarting(
  options: ServerOptions & { dataDir: string },
  milliseconds: number,
): Promise<void> {
  const { child, ended } = launch(await flagsOf(options, options.dataDir), options);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, milliseconds))]);
  child.kill("SIGKILL");
  await ended;
}

export interface Finished extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end, for what it says at once: help, mistakes in its settings. */
export async function runServer(
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { child, ended } = launch(flags, { environment });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
  return { ...(await ended), stdout: stdout.join(""), stderr: stderr.join("") };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "dispatch-test-"));
}

async function flagsOf({ flags = [] }: ServerOptions, dataDir: string): Promise<string[]> {
  const ports = ["--port", "0", "--gateway-port", "0", "--tls-port", "0", "--gateway-tls-port", "0"];
  return ["--data-dir", dataDir, ...ports, ...(await databaseFlags(dataDir)), ...flags];
}

function launch(
  flags: readonly string[],
  { environment = {}, logFile }: ServerOptions,
): { child: ChildProcess; ended: Promise<Ended> } {
  if (!existsSync(program)) throw new Error(`${program} is missing`);
  const { PATH = "", HOME = "", TMPDIR = "" } = process.env;
  const env = { PATH, HOME, ...(TMPDIR === "" ? {} : { TMPDIR }), ...environment };
  const child = spawn(program, flags, { env, stdio: ["ignore", "pipe", "pipe"] });
  if (logFile !== undefined) {
    for (const output of [child.stdout, child.stderr])
      output.on("data", (chunk: Buffer) => appendFileSync(logFile, chunk));
  }
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }) as Ended);
  return { child, ended };
}

function listening(
  { child, ended, addresses, log }: Started,
  wanted: readonly ListenerName[],
  errors: readonly string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (text) => {
      const line = JSON.parse(text) as LogLine;
      log.push(line);
      noteAddress(addresses, line.msg);
      if (wanted.every((name) => addresses[name] !== undefined)) resolve();
    });
    void ended.then(({ code, signal }) =>
      reject(new Error(`the server ended before it listened (${code ?? signal}): ${errors.join("")}`)),
    );
  });
}

function noteAddress(addresses: Partial<Record<ListenerName, string>>, message: string): void {
  const [, who, secure, address] = /^(.+): serving HTTP(S?) traffic at (\S+)$/.exec(message) ?? [];
  if (who === undefined || address === undefined) return;
  const name = who === "API Gateway" ? "gateway" : "api";
  addresses[secure === "S" ? (`${name}Tls` as const) : name] = address;
}
