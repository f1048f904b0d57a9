/** One run of an installer in the sandbox, with its limits and its end told in a sentence. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { setInterval as ticks } from "node:timers/promises";
import { BuildError, type Limits, type NetworkKind } from "../../core/shared/ports.ts";
import type { Bind, Sandbox, SandboxedProcess } from "../runtime/process/sandbox.ts";
import { folderBytes } from "./folder-tree.ts";
import { type Installer, type InstallPlan, WORK_DIR } from "./installer.ts";
import { createOutputLines } from "./output-lines.ts";

/** What one installation may use. */
export interface InstallLimits extends Limits {
  readonly milliseconds: number;
  /** Mebibytes of everything the installer writes: packages, caches, what it compiles. */
  readonly space: number;
}

/** Generous: packages are compiled here. */
export const defaultInstallLimits: InstallLimits = {
  memory: 2048,
  cpu: 2,
  pids: 512,
  disk: 256,
  milliseconds: 10 * 60 * 1000,
  space: 2048,
};

export interface Installation {
  readonly sandbox: Sandbox;
  readonly organization: string;
  readonly installer: Installer;
  readonly command: string;
  readonly plan: InstallPlan;
  readonly network: NetworkKind;
  readonly environment: Readonly<Record<string, string>>;
  /** The working folder on the host. */
  readonly workDir: string;
  readonly limits: InstallLimits;
}

const MEBIBYTE = 1024 * 1024;
const LOOK_EVERY_MILLISECONDS = 500;
const UNEXPLAINED_LINES = 15;

/** The working folder in the sandbox. */
export function workBind(workDir: string): Bind {
  return { source: workDir, target: WORK_DIR, writable: true };
}

/** A bind of its own, because a writable source is given to the sandbox's user and what lies in it is not. */
function temporaryBind(workDir: string): Bind {
  return { source: join(workDir, "tmp"), target: `${WORK_DIR}/tmp`, writable: true };
}

/** Runs the installer to its end. @throws BuildError with the installer's own last lines. */
export async function runInstallation(installation: Installation, progress: (line: string) => void): Promise<void> {
  const { installer, limits } = installation;
  const output = createOutputLines(progress);
  const running = await start(installation).catch((cause: Error) => {
    throw new BuildError(`${installer.name} cannot be started in the sandbox: ${cause.message}`, { cause });
  });
  const ended = new AbortController();
  const finished = Promise.all([
    running.exited,
    output.follow(running.child.stdout),
    output.follow(running.child.stderr),
  ]);
  const [overrun, [exit]] = await Promise.all([
    superviseOverrun(running, installation, ended.signal),
    finished.finally(() => ended.abort()),
  ]);
  const why =
    overrun ??
    (exit.memoryExceeded ? `needed more than ${limits.memory} MB of memory` : exitOf(exit.code, exit.signal));
  if (why !== undefined) throw new BuildError(failureText(installer, why, output.last()));
}

function start({
  sandbox,
  organization,
  command,
  plan,
  network,
  environment,
  workDir,
  limits,
}: Installation): Promise<SandboxedProcess> {
  const work = workBind(workDir);
  return sandbox.spawn({
    command,
    args: plan.args,
    environment: { ...environment, ...plan.environment },
    binds: [...plan.binds, work, temporaryBind(workDir)],
    links: plan.links,
    network,
    organization,
    limits,
    directory: sandbox.pathOf(work),
  });
}

function exitOf(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined;
  return signal === null ? `failed (exit code ${code})` : `was ended by ${signal}`;
}

function failureText(installer: Installer, why: string, lines: readonly string[]): string {
  const complaints = installer.complaints(lines);
  return [`${installer.name} ${why}`, ...(complaints.length > 0 ? complaints : lines.slice(-UNEXPLAINED_LINES))].join(
    "\n",
  );
}

/** Ends an installer that takes too long or too much room; resolves with the reason, or undefined when it ended by itself. */
async function superviseOverrun(
  running: SandboxedProcess,
  { workDir, limits }: Installation,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = performance.now() + limits.milliseconds;
  const overrun = await firstOverrun(workDir, limits, deadline, signal);
  if (overrun !== undefined) await running.terminate();
  return overrun;
}

async function firstOverrun(
  workDir: string,
  limits: InstallLimits,
  deadline: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const space = limits.space * MEBIBYTE;
  try {
    const freeAtStart = await freeBytes(workDir);
    for await (const _tick of ticks(LOOK_EVERY_MILLISECONDS, undefined, { signal })) {
      if (performance.now() > deadline) return `took longer than ${limits.milliseconds / 1000} s and was ended`;
      // Walking the folder is dear: only when the disk has lost that much to anybody.
      const isSuspicious = freeAtStart - (await freeBytes(workDir)) > space;
      if (isSuspicious && (await folderBytes(workDir)) > space)
        return `wrote more than ${limits.space} MB and was ended`;
    }
  } catch (error) {
    if (!signal.aborted) return `was ended, because it could not be watched (${String(error)})`;
  }
  return undefined;
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws BuildError when what was installed is larger than allowed. */
export async function refuseTooLarge(installation: Installation): Promise<void> {
  const { installer, limits, workDir } = installation;
  const bytes = await folderBytes(join(workDir, installer.outputName));
  if (bytes <= limits.space * MEBIBYTE) return;
  throw new BuildError(`${installer.name} wrote more than ${limits.space} MB of packages`);
}
