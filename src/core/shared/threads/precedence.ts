/**
 * Threads for which everybody waits go before functions when both want a processor. Only root may ask for that; for any other
 * user, and where chrt(1) is missing, all stay equal. A priority that whoever started the server chose stays as it is.
 */
import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { basename } from "node:path";
import { promisify } from "node:util";

/** As nice(1) counts: 0 is what functions have, -20 is the most. */
const BEFORE_FUNCTIONS = -10;

/** The thread that calls this goes first. It starts no processes: they would go first, too. */
export function goFirst(): void {
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    if (getPriority(thread) === 0) setPriority(thread, BEFORE_FUNCTIONS);
  } catch {
    // Not root: nothing is lost but time.
  }
}

/** This process's main thread goes first; processes and threads that it starts do not. */
export async function goFirstAlone(): Promise<void> {
  try {
    if (getPriority(process.pid) !== 0) return;
    await promisify(execFile)("chrt", ["--reset-on-fork", "--other", "--pid", "0", String(process.pid)]);
    setPriority(process.pid, BEFORE_FUNCTIONS);
  } catch {
    // As above.
  }
}
