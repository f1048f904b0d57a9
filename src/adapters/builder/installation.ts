/** One run of an installer in the sandbox, with its limits and its end told in a sentence. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { setInterval as ticks } from "node:timers/promises";
import { BuildError, type Limits, type NetworkKind } from "../../core/shared/ports.ts";
import { type Installer, type InstallPlan, WORK_DIR } from "../installers/installer.ts";
import type { Bind, Sandbox, SandboxedProcess } from "../runtime/process/sandbox.ts";
import { createOutputLines } from "./output-lines.ts";
import { measureTree } from "./stranger-tree.ts";

/** What one installation may use. */
export interface InstallLimits extends Limits {
  readonly milliseconds: number;
  /** Mebibytes of everything the installer writes: packages, caches, what it compiles. */
  readonly space: number;
  /** Files, folders and links of everything the installer writes. */
  readonly entries: number;
}

/** Generous: packages are compiled here. */
export const defaultInstallLimits: InstallLimits = {
  memory: 2048,
  cpu: 2,
  pids: 512,
  disk: 256,
  milliseconds: 10 * 60 * 1000,
  space: 2048,
  entries: 100_000,
};

/** Levels of folders; tools that name files by their path manage a few hundred. */
const MOST_LEVELS = 256;

export interface Installation {
  readonly sandbox: Sandbox;
  readonly organization: string;
  readonly installer: Pick<Installer, "name" | "complaints">;
  readonly command: string;
  readonly plan: InstallPlan;
  readonly network: NetworkKind | "nothing";
  readonly environment: Readonly<Record<string, string>>;
  /** The working folder on the host. */
  readonly workDir: string;
  /** Who the installer is on the host. */
  readonly uid: number | undefined;
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
  const finished = Promise.all([running.exited, output.follow(running.stdout), output.follow(running.stderr)]);
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
  uid,
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
    uid,
    directory: sandbox.pathOf(work),
  });
}

function exitOf(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined;
  return signal === null ? `failed (exit code ${code})` : `was ended by ${signal}`;
}

function failureText(installer: Installation["installer"], why: string, lines: readonly string[]): string {
  const complaints = installer.complaints(lines);
  return [`${installer.name} ${why}`, ...(complaints.length > 0 ? complaints : lines.slice(-UNEXPLAINED_LINES))].join(
    "\n",
  );
}

/** Ends an installer that takes too long or too much room; resolves with the reason, or undefined when it ended by itself. */
async function superviseOverrun(
  running: SandboxedProcess,
  installation: Installation,
  signal: AbortSignal,
): Promise<string | undefined> {
  const overrun = await firstOverrun(installation, signal);
  if (overrun !== undefined) await running.terminate();
  return overrun;
}

async function firstOverrun(installation: Installation, signal: AbortSignal): Promise<string | undefined> {
  const { workDir, limits } = installation;
  const deadline = performance.now() + limits.milliseconds;
  try {
    const atStart = await roomOn(workDir);
    for await (const _tick of ticks(LOOK_EVERY_MILLISECONDS, undefined, { signal })) {
      if (performance.now() > deadline) return `took longer than ${limits.milliseconds / 1000} s and was ended`;
      // Counting is expensive: it is done only when so much room on the disk is gone, whoever used it.
      if (!hasLost(atStart, await roomOn(workDir), limits)) continue;
      const excess = await excessOf(installation);
      if (excess !== undefined) return `${excess} and was ended`;
    }
  } catch (error) {
    if (!signal.aborted) return `was ended, because it could not be watched (${String(error)})`;
  }
  return undefined;
}

interface Room {
  readonly bytes: number;
  /** Free inodes; 0 on file systems that do not count them. */
  readonly entries: number;
}

async function roomOn(folder: string): Promise<Room> {
  const { bavail, bsize, ffree } = await statfs(folder);
  return { bytes: bavail * bsize, entries: ffree };
}

function hasLost(before: Room, now: Room, { space, entries }: InstallLimits): boolean {
  return before.bytes - now.bytes > space * MEBIBYTE || before.entries - now.entries > entries;
}

/** What is too much of what the installer wrote; undefined when it keeps to its limits. */
async function excessOf({ sandbox, workDir, limits }: Installation): Promise<string | undefined> {
  const { entries, bytes, depth } = await measureTree(sandbox, workDir, limits.entries);
  if (entries > limits.entries) return `wrote more than ${limits.entries} files and folders`;
  if (bytes > limits.space * MEBIBYTE) return `wrote more than ${limits.space} MB`;
  return depth > MOST_LEVELS ? `wrote folders that nest more than ${MOST_LEVELS} levels` : undefined;
}

/** @throws BuildError when more was written than allowed. The installer must have ended. */
export async function refuseTooLarge(installation: Installation): Promise<void> {
  const excess = await excessOf(installation);
  if (excess !== undefined) throw new BuildError(`${installation.installer.name} ${excess}`);
}
