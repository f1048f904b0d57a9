/**
 * The function's stdout and stderr. Node.js' own streams write to a socket asynchronously, so a marker could overtake
 * what was written before it, and a full socket would refuse it. These write at once and wait while the server reads.
 */
import { Writable } from "node:stream";
import type { Channel } from "./channel.ts";
import { runOfNow, tellLate } from "./late.ts";
import { OWN_STDERR, OWN_STDOUT } from "./own-outputs.ts";
import { writeWhole } from "./write-whole.ts";

const tellLines = (channel: Channel, number: number, stream: "stdout" | "stderr", chunk: Buffer): void => {
  const lines = chunk.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) tellLate(channel, number, stream, line);
};

/** `own`: where it is written to. */
export const outputTo = (channel: Channel, descriptor: 1 | 2, own: number): Writable => {
  const stream = descriptor === 1 ? "stdout" : "stderr";
  const write = (chunk: Buffer, _encoding: BufferEncoding, done: () => void): void => {
    const run = runOfNow();
    try {
      if (run?.ended === true) tellLines(channel, run.number, stream, chunk);
      else writeWhole(own, chunk);
    } catch {
      // The function has closed the guest's copies, too.
    }
    done();
  };
  return unending(Object.assign(new Writable({ decodeStrings: true, write }), { fd: descriptor }));
};

/** A run that ends its outputs ends them for itself, not for the runs after it. */
const unending = (stream: Writable): Writable => {
  const end = (...given: unknown[]): Writable => {
    const [chunk] = given;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) stream.write(chunk);
    const done = given.find((value) => typeof value === "function");
    if (done !== undefined) process.nextTick(done);
    return stream;
  };
  return Object.assign(stream, { end, destroy: () => stream });
};

/** Replaces `process.stdout` and `process.stderr`, which `console` writes to. */
export const useSynchronousOutput = (channel: Channel): void => {
  const [stdout, stderr] = [outputTo(channel, 1, OWN_STDOUT), outputTo(channel, 2, OWN_STDERR)];
  Object.defineProperty(process, "stdout", { value: stdout, configurable: true, enumerable: true });
  Object.defineProperty(process, "stderr", { value: stderr, configurable: true, enumerable: true });
};
