/** How a driver holds on to what it watches: lost connections are made again, with growing pauses. */
import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "./flags.ts";
import { type Gateway, TokenError } from "./gateway.ts";

/** So long a lost source is looked for before the driver ends, which shows in its state; it is started again then. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export interface Watch {
  /** Connects, calls `ready`, and watches until the connection is lost. @throws what ended it */
  once(ready: () => Promise<void>): Promise<never>;
  /** False for what no waiting makes better, such as a wrong password. */
  isPassing(error: unknown): boolean;
}

/**
 * Watches for ever. What was never reached is told at once.
 * @throws what waiting makes no better, and what has lasted for 30 s
 */
export async function keepWatching(gateway: Gateway, { once, isPassing }: Watch): Promise<never> {
  for (let isKnown = false, lost: number | undefined, pause = FIRST_PAUSE_MS; ; ) {
    try {
      await once(async () => {
        isKnown = true;
        lost = undefined;
        pause = FIRST_PAUSE_MS;
        await gateway.hello();
      });
    } catch (error) {
      lost ??= performance.now();
      if (!isKnown || performance.now() - lost > PATIENCE_MS || isFinal(error) || !isPassing(error)) throw error;
      console.error(`${error instanceof Error ? error.message : error}; connected again in ${pause} ms`);
      await delay(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** Nobody waits for a setting to become right, or for Dispatch to know a token again. */
function isFinal(error: unknown): boolean {
  return error instanceof UsageError || error instanceof TokenError;
}
