import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../errors.ts";

/** Sleeps. @throws CliError when the user interrupts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    throw new CliError("interrupted");
  }
}
