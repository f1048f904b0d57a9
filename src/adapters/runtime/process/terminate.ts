/** How a process is ended, always: it is asked, it has a short grace, then it is forced. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Ending {
  /** SIGTERM to the process itself. */
  ask(): void;
  /** SIGKILL to everything in the sandbox. */
  force(): void;
  /** Settles when nothing of it is left. */
  readonly ended: Promise<unknown>;
  readonly graceMilliseconds: number;
}

/** Resolves when the process has ended. */
export const terminate = async ({ ask, force, ended, graceMilliseconds }: Ending): Promise<void> => {
  ask();
  const patience = new AbortController();
  const graceOver = sleep(graceMilliseconds, undefined, { signal: patience.signal, ref: false }).then(
    force,
    () => undefined, // aborted: it ended by itself
  );
  await Promise.race([ended, graceOver]);
  patience.abort();
  await ended;
};
