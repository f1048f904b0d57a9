/**
 * A server for one call: on a free port of the loopback, with a token and a data folder of its own, which go with it. What
 * runs on it runs exactly as on any server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { CliError } from "../../../frame/errors.ts";
import { unlessInterrupted } from "../../../frame/pause.ts";
import { type Context, clientFor } from "../context/context.ts";
import type { Settings } from "../context/settings.ts";

export interface OwnServer {
  /** Talks to it. */
  readonly context: Context;
  /** Ends it, and removes what it kept. */
  stop(): Promise<void>;
}

const FOLDER = /^dispatch-run-(\d+)-/;

/** @throws CliError with what the server said when it cannot start. */
export async function startOwnServer(context: Context): Promise<OwnServer> {
  const { io } = context;
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `dispatch-run-${process.pid}-`));
  const child = launch(folder, io.env);
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const port = await unlessInterrupted(portOf(child), io.signal);
    const token = (await readFile(join(folder, "admin-token"), "utf8")).trim();
    const settings = settingsFor(context.settings, port, token);
    return { context: { ...context, settings, client: clientFor(settings, io) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function settingsFor(settings: Settings, port: number, token: string): Settings {
  const credential = { token, serviceAccount: "", jwtPrivateKey: "", organization: "dispatch-server" };
  return { ...settings, host: "127.0.0.1", scheme: "http", port, ...credential };
}

/**
 * It ends when this process ends, however that comes about (setpriv). In a session of its own: Ctrl-C is for us, who then
 * end it once and in order.
 */
function launch(folder: string, env: Context["io"]["env"]): ChildProcess {
  const ports = ["--port", "0", "--gateway-port", "0"];
  const flags = ["--data-dir", folder, "--host", "127.0.0.1", ...ports, "--auth", "token", "--stop-grace", "0s"];
  const words = ["--pdeathsig", "TERM", "--", serverProgram(), ...flags, "--warm-workers", "0"];
  return spawn("setpriv", words, { env: environmentFor(env), stdio: ["ignore", "pipe", "pipe"], detached: true });
}

/** Beside the bundle of the command line, or above its sources. @throws CliError */
function serverProgram(): string {
  // The bundle is no module and has no import.meta: there it is the program itself that is beside it.
  const here = import.meta.dirname ?? dirname(process.argv[1] ?? "");
  const candidates = ["../../bin", "../../../../bin"].map((way) => join(here, way, "dispatch-server"));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new CliError("dispatch-server is not installed here: run 'npm run setup' first");
  return found;
}

/** What is set for the server of this machine is not for this one; how functions are locked in is a matter of the machine. */
function environmentFor(env: Context["io"]["env"]): NodeJS.ProcessEnv {
  const kept = /^DISPATCH_(SANDBOX|FUNCTION_NETWORK|ALLOW_HOST_NETWORK)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("DISPATCH_") || kept.test(name)));
}

/** The port that it listens on. @throws CliError with its own words when it ends instead. */
function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const said: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  child.on("error", (error) => reject(new CliError(`dispatch-server cannot be started: ${error.message}`)));
  child.on("close", () => reject(new CliError(`dispatch-server did not start: ${said.join("").trim()}`)));
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, port] = /HTTP server: serving HTTP traffic at http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  }
  return promise;
}

/** Calls that were killed could not clean up. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (pid === undefined || existsSync(`/proc/${pid}`) || !isOwn(path)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

function isOwn(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}
