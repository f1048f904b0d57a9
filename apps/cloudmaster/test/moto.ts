/**
 * A real moto server (https://docs.getmoto.org) on a free port of the loopback: a second opinion on the EC2 API. The
 * first use installs it from PyPI into `.cache/moto` of the repository, which takes about half a minute.
 */
import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "../simulator/listener.ts";

const VERSION = "5.2.5";
const INSTALL_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

/** The program `moto_server`, or the sentence that says why it cannot be had on this machine. */
export async function installMoto(): Promise<{ readonly program: string } | { readonly missing: string }> {
  const folder = fileURLToPath(new URL(`../../../.cache/moto/${VERSION}`, import.meta.url));
  const program = `${folder}/bin/python`;
  if (existsSync(program)) return { program };
  process.stderr.write(`Installing moto[server] ${VERSION} from PyPI into .cache/moto (once) ...\n`);
  const unfinished = `${folder}.${process.pid}`;
  try {
    await run("python3", ["-m", "venv", unfinished]);
    const pip = ["-m", "pip", "install", "--quiet", "--retries", "1", `moto[server]==${VERSION}`];
    await run(`${unfinished}/bin/python`, pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(unfinished, folder);
    return { program };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (existsSync(program)) return { program };
    return { missing: `moto cannot be installed here: ${lastLine(error)}` };
  }
}

/** Starts moto and waits until it answers. @throws Error with what it printed when it ends or stays silent. */
export async function startMoto(program: string): Promise<Moto> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(program, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let printed = "";
  child.stderr.on("data", (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-2000);
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop(child);
    throw new Error(`moto did not start: ${printed}`);
  }
  return { url, stop: () => stop(child) };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/moto-api/`).catch(() => undefined);
  await response?.body?.cancel();
  if (response === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  return response?.ok ?? false;
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}
