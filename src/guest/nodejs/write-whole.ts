/** Writes to a descriptor that may refuse for a moment, because somebody made it non-blocking and its reader is slow. */
import { writeSync } from "node:fs";

const WAIT_MS = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const isBusy = (error: unknown): boolean => (error as { code?: string }).code === "EAGAIN";

const writeSome = (descriptor: number, bytes: Buffer): number => {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if (!isBusy(error)) throw error;
    Atomics.wait(sleeper, 0, 0, WAIT_MS);
    return 0;
  }
};

/** Returns when all of it is written; waits while the reader reads. @throws Error when the descriptor is closed. */
export const writeWhole = (descriptor: number, bytes: Buffer): void => {
  let written = writeSome(descriptor, bytes);
  while (written < bytes.length) written += writeSome(descriptor, bytes.subarray(written));
};
