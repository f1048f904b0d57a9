/** The guest's end of file descriptor 3, and the markers that end a run's output. */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { type FrameHandler, FrameReader } from "../frames.ts";
import { OWN_STDERR, OWN_STDOUT } from "./own-outputs.ts";
import { writeWhole } from "./write-whole.ts";

const CHANNEL = 3;
const READ_BYTES = 65_536;
const NO_LIMIT = 0xffffffff;

export interface Channel {
  /** Adds a frame to what leaves with the next `flush`. */
  send(frame: Buffer): void;
  flush(): void;
  /** Calls back when everything that was flushed is on its way, at once when it is. */
  whenWritten(done: () => void): void;
}

/** Writes what fits at once. The server's end may be gone; then the end of the channel ends the guest. */
const writeSome = (bytes: Buffer): number => {
  try {
    return writeSync(CHANNEL, bytes);
  } catch (error) {
    return (error as { code?: string }).code === "EAGAIN" ? 0 : bytes.length;
  }
};

/** Opens the channel; `read` is called after the frames of each reading. Frames are written synchronously; only what a full pipe refuses waits in the socket. */
export const openChannel = (handler: FrameHandler, read: () => void, ended: () => void): Channel => {
  const reader = new FrameReader(handler, NO_LIMIT);
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const socket = new Socket({
    fd: CHANNEL,
    onread: {
      buffer,
      callback: (length) => {
        reader.feed(buffer.subarray(0, length));
        read();
        return true;
      },
    },
  });
  socket.on("end", ended).on("error", ended);
  let pending: Buffer[] = [];
  let waiting = 0;
  let written: (() => void) | undefined;

  const writeLater = (rest: Buffer): void => {
    waiting += 1;
    socket.write(rest, () => {
      waiting -= 1;
      if (waiting === 0) written?.();
    });
  };

  const writeNow = (bytes: Buffer): void => {
    const sent = waiting > 0 ? 0 : writeSome(bytes);
    if (sent < bytes.length) writeLater(bytes.subarray(sent));
  };

  return {
    send: (frame) => void pending.push(frame),
    flush: () => {
      const [first] = pending;
      if (first === undefined) return;
      const bytes = pending.length === 1 ? first : Buffer.concat(pending);
      pending = [];
      writeNow(bytes);
    },
    whenWritten: (done) => {
      if (waiting === 0) done();
      else written = done;
    },
  };
};

const DIGITS = Buffer.from("0123456789abcdef");

/** Writes the marker of an invocation to stdout and stderr, or to the descriptors that stand for them. */
export const createMarker = (
  text: string,
  stdout = OWN_STDOUT,
  stderr = OWN_STDERR,
): ((invocation: number) => void) => {
  const marker = Buffer.from(`\0${text}:00000000\n`);
  const last = marker.length - 2;
  const writeTo = (descriptor: number): void => {
    try {
      writeWhole(descriptor, marker);
    } catch {
      // Even the guest's own copy is closed; the server does not wait for the marker long.
    }
  };
  return (invocation) => {
    let rest = invocation;
    for (let at = last; at > last - 8; at -= 1) {
      marker[at] = DIGITS[rest & 15] ?? 0;
      rest >>>= 4;
    }
    writeTo(stdout);
    writeTo(stderr);
  };
};
