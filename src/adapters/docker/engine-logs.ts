/** A container's output as the engine sends it: frames of both streams, each with a header of eight bytes. */
import { PassThrough, type Readable } from "node:stream";

const HEADER = 8;
const SIZE_AT = 4;
const STDERR = 2;

/** The text of both streams, in the order in which they were written. */
export const textOfLogs = (bytes: Buffer): string => {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const end = at + HEADER + bytes.readUInt32BE(at + SIZE_AT);
    parts.push(bytes.subarray(at + HEADER, end));
    at = end;
  }
  return Buffer.concat(parts).toString();
};

export interface BothStreams {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Both streams apart, as they come. They end with the engine's, also when that breaks. */
export const partStreams = (frames: Readable): BothStreams => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  void partInto(frames, stdout, stderr)
    .catch(() => undefined)
    .finally(() => {
      stdout.end();
      stderr.end();
    });
  return { stdout, stderr };
};

/** A frame is passed on as it comes: it may be as long as its sender likes. */
const partInto = async (frames: Readable, stdout: PassThrough, stderr: PassThrough): Promise<void> => {
  let header = Buffer.alloc(0);
  let target = stdout;
  let left = 0;
  for await (const chunk of frames as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER) break;
        target = header[0] === STDERR ? stderr : stdout;
        left = header.readUInt32BE(SIZE_AT);
        header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      if (!target.write(part)) await new Promise((resolve) => target.once("drain", resolve));
    }
  }
};
