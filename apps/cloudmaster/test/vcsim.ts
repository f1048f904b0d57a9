/**
 * A real vCenter simulator (govmomi's, https://github.com/vmware/govmomi) on a free port of the loopback. The first use
 * builds it with Go into `.cache/vcsim` of the repository, which takes a minute or two.
 */
import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { thumbprintOf } from "../../../packages/vsphere/soap.ts";

const BUILD_TIMEOUT_MS = 15 * 60_000;
const START_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

export interface Vcsim {
  /** `https://127.0.0.1:PORT/sdk` */
  readonly url: string;
  readonly port: number;
  /** The secret `vsphere` as it is published, for this simulator. */
  readonly secret: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The program, or the sentence that says why it cannot be had on this machine. */
export async function buildVcsim(): Promise<{ readonly program: string } | { readonly missing: string }> {
  const source = fileURLToPath(new URL("../simulator/vcsim", import.meta.url));
  const digest = createHash("sha256");
  for (const file of ["main.go", "go.mod", "go.sum"]) digest.update(await readFile(`${source}/${file}`));
  const folder = fileURLToPath(new URL("../../../.cache/vcsim", import.meta.url));
  const program = `${folder}/vcsim-${digest.digest("hex").slice(0, 16)}`;
  if (existsSync(program)) return { program };
  process.stderr.write("Building the vCenter simulator with Go into .cache/vcsim (once) ...\n");
  await mkdir(folder, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  try {
    await run("go", ["build", "-o", unfinished, "."], { cwd: source, timeout: BUILD_TIMEOUT_MS });
    await rename(unfinished, program);
    return { program };
  } catch (error) {
    await rm(unfinished, { force: true });
    if (existsSync(program)) return { program };
    const words = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    return { missing: `the vCenter simulator cannot be built here (Go 1.24 or later is needed): ${words}` };
  }
}

const PASSWORD = "the-password-of-the-simulator";
const USER = "cloudmaster@vsphere.local";

/** Starts it and waits until it has said its address. @throws Error with what it printed. */
export async function startVcsim(program: string, options: readonly string[] = []): Promise<Vcsim> {
  const child = spawn(program, ["-user", USER, ...options], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, VSPHERE_SIMULATOR_PASSWORD: PASSWORD },
  });
  const url = await address(child);
  const port = Number(new URL(url).port);
  return {
    url,
    port,
    secret: {
      host: url,
      datacenter: "SDDC-Datacenter",
      resourcePool: "Compute-ResourcePool",
      vmFolder: "Workloads",
      username: USER,
      password: PASSWORD,
      thumbprint: await thumbprint(port),
    },
    stop: () => stop(child),
  };
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const timer = setTimeout(
      () => reject(new Error(`the vCenter simulator did not start: ${printed}`)),
      START_TIMEOUT_MS,
    );
    child.stderr?.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-2000);
    });
    child.stdout?.once("data", (chunk: Buffer) => {
      clearTimeout(timer);
      resolve(chunk.toString().trim());
    });
    child.once("exit", () => reject(new Error(`the vCenter simulator ended: ${printed}`)));
  });
}

function thumbprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(thumbprintOf(socket.getPeerCertificate()));
      socket.end();
    });
    socket.once("error", reject);
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
