/** A command that runs in a sandbox of bubblewrap: its end, its limits, its termination. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlGroup } from "./cgroups.ts";
import { exitOf, GRACE_MILLISECONDS, signalQuietly } from "./child-end.ts";
import type { Log } from "./log.ts";
import { allClosed, closePipes, killUntilNothingIsLeft } from "./nothing-left.ts";
import type { Started } from "./output-pipes.ts";
import { identify, isNamespaceInit, isRunning, killIfRunning, type ProcessIdentity } from "./process-identity.ts";
import type { SandboxExit, SandboxedProcess } from "./sandbox.ts";
import { terminate } from "./terminate.ts";

/** The descriptor on which bubblewrap tells the process number of the sandbox's own init. */
export const INFO_FD = 6;

/** How long the news of its init may come behind bubblewrap's end. */
const TOLD_MILLISECONDS = 1000;

interface Init {
  /** The sandbox's own init; undefined until bubblewrap has told its number. */
  known(): ProcessIdentity | undefined;
  /** Settles when bubblewrap has told it, or never will. */
  readonly told: Promise<void>;
}

/** Its number is told as soon as there is one; from then on the start time tells it from others. */
const followInit = (child: ChildProcess): Init => {
  let text = "";
  let init: ProcessIdentity | undefined;
  const info = (child.stdio as readonly (Readable | null)[])[INFO_FD];
  info?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const [, pid] = /"child-pid": (\d+)/.exec(text) ?? [];
    if (pid !== undefined && isNamespaceInit(Number(pid))) init ??= identify(Number(pid));
  });
  const told = new Promise<void>((resolve) => {
    if (info) info.once("close", () => resolve());
    else resolve();
  });
  return { known: () => init, told };
};

export const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

/** What became of bubblewrap, once nothing of the sandbox is left. */
const endOf = async (started: Started, group: ControlGroup, init: Init, log: Log): Promise<SandboxExit> => {
  const closed = allClosed(started);
  const exit = await exitOf(started.child);
  await Promise.race([init.told, sleep(TOLD_MILLISECONDS, undefined, { ref: false })]);
  await killUntilNothingIsLeft(init.known(), group, log);
  const memoryExceeded = group.memoryExceeded();
  void group.remove();
  void closePipes(started, closed);
  return { ...exit, memoryExceeded };
};

/** Follows a bubblewrap that was just started; its control group is removed when it has ended. */
export const followSandboxed = (started: Started, group: ControlGroup, log: Log): SandboxedProcess => {
  const { child } = started;
  const init = followInit(child);
  const exited = endOf(started, group, init, log);
  return {
    ...started,
    channel: (child.stdio[3] ?? undefined) as Duplex | undefined,
    temporaryFolder: "",
    exited,
    setLimits: (limits, background) => group.apply(limits, background),
    memoryUsed: () => group.memoryUsed(),
    terminate: (graceMilliseconds = GRACE_MILLISECONDS) =>
      terminate({
        ask: () => {
          const found = init.known();
          if (found === undefined || !isRunning(found)) return;
          for (const worker of childrenOf(found.pid)) signalQuietly(worker, "SIGTERM");
        },
        force: () => {
          const found = init.known();
          if (found !== undefined) killIfRunning(found);
          child.kill("SIGKILL");
        },
        ended: exited,
        graceMilliseconds,
      }),
  };
};
