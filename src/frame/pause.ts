import { addAbortListener } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "./errors.ts";

/** Sleeps. @throws CliError when the user interrupts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw new CliError("interrupted");
  });
}

/** The promise's own result, unless the user interrupts first. @throws CliError that says what goes on then */
export function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal, message = "interrupted"): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const listener = addAbortListener(signal, () => interrupted.reject(new CliError(message)));
  return Promise.race([promise, interrupted.promise]).finally(() => listener[Symbol.dispose]());
}
