/** How a child process is signalled and how its end is told. */
import type { ChildProcess } from "node:child_process";

/** The time between SIGTERM and SIGKILL unless the caller says otherwise. */
export const GRACE_MILLISECONDS = 200;

/** Signals a process (a group when negative) that may have ended already. */
export const signalQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
};

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Resolves when the child has ended; one that could not start counts as exit code 127, as in a shell. */
export const exitOf = (child: ChildProcess): Promise<ChildExit> =>
  new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: 127, signal: null }));
  });
