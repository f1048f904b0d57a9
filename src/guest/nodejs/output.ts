/**
 * The function's stdout and stderr. Node.js' own streams write to a socket asynchronously, so a marker could overtake
 * what was written before it, and a full socket would refuse it. These write at once and wait while the server reads.
 */
import { writeSync } from "node:fs";
import { Writable } from "node:stream";

const writeWhole = (descriptor: number, chunk: Buffer): void => {
  let written = 0;
  while (written < chunk.length) written += writeSync(descriptor, chunk, written);
};

const outputTo = (descriptor: number): Writable =>
  Object.assign(
    new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => {
        try {
          writeWhole(descriptor, chunk);
        } catch {
          // The function has closed the descriptor.
        }
        done();
      },
    }),
    { fd: descriptor },
  );

/** Replaces `process.stdout` and `process.stderr`, which `console` writes to. */
export const useSynchronousOutput = (): void => {
  Object.defineProperty(process, "stdout", { value: outputTo(1), configurable: true, enumerable: true });
  Object.defineProperty(process, "stderr", { value: outputTo(2), configurable: true, enumerable: true });
};
