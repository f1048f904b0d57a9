/** A command that runs in a sandbox of bubblewrap: its end, its limits, its termination. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import type { ControlGroup } from "./cgroups.ts";
import { exitOf, GRACE_MILLISECONDS, signalQuietly } from "./child-end.ts";
import type { SandboxedProcess } from "./sandbox.ts";
import { terminate } from "./terminate.ts";

/** The descriptor on which bubblewrap tells the process number of the sandbox's own init. */
export const INFO_FD = 6;

/** The process number of the sandbox's own init, once bubblewrap has told it. */
const followInit = (child: ChildProcess): (() => number | undefined) => {
  let text = "";
  const info = (child.stdio as readonly (Readable | null)[])[INFO_FD];
  info?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => {
    const [, pid] = /"child-pid": (\d+)/.exec(text) ?? [];
    return pid === undefined ? undefined : Number(pid);
  };
};

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Follows a bubblewrap that was just started; its control group is removed when it has ended. */
export const followSandboxed = (child: ChildProcess, group: ControlGroup): SandboxedProcess => {
  const init = followInit(child);
  const exited = exitOf(child).then((exit) => {
    const memoryExceeded = group.memoryExceeded();
    void group.remove();
    return { ...exit, memoryExceeded };
  });
  // While the outer bubblewrap lives, its children's process numbers cannot be anybody else's.
  const toInit = (action: (pid: number) => void): boolean => {
    const pid = hasEnded(child) ? undefined : init();
    if (pid !== undefined) action(pid);
    return pid !== undefined;
  };
  return {
    child,
    channel: (child.stdio[3] ?? undefined) as Duplex | undefined,
    temporaryFolder: "",
    exited,
    setLimits: (limits) => group.apply(limits),
    terminate: (graceMilliseconds = GRACE_MILLISECONDS) =>
      terminate({
        ask: () => {
          toInit((pid) => {
            for (const worker of childrenOf(pid)) signalQuietly(worker, "SIGTERM");
          });
        },
        force: () => {
          if (!toInit((pid) => signalQuietly(pid, "SIGKILL"))) child.kill("SIGKILL");
        },
        ended: exited,
        graceMilliseconds,
      }),
  };
};
