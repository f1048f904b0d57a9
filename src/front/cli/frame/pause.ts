import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "./errors.ts";

/** Sleeps. @throws CliError when the user interrupts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    throw new CliError("interrupted");
  }
}

/** The promise's own result, unless the user interrupts first. @throws CliError that says what goes on then */
export async function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const onAbort = (): void => interrupted.reject(new CliError(message));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, interrupted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
