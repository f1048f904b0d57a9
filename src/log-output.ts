/**
 * Where the log goes. A log that cannot be written (a full disk, a reader that went away) or that nobody reads neither ends
 * nor holds up the server: its lines are counted, and the count is told once it can be written again.
 */
import { fstatSync, constants as open, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Bytes that may wait for a slow reader. */
const MAX_WAITING = 1024 * 1024;

/** How long a pipe that is full is left alone, in milliseconds. */
const RETRY_MS = 20;

/** How long an end waits for a reader that is still reading, in milliseconds. */
const FLUSH_MS = 1000;

const TOO_SLOW = "its reader is too slow";

export interface LogOutput {
  write(line: string): void;
  /** Resolves when what waits was written, or after a second. */
  flush(): Promise<void>;
}

/** The log on standard output. */
export function openLogOutput(): LogOutput {
  if (fstatSync(1).isSocket()) return new SocketOutput(process.stdout);
  return new DescriptorOutput(withoutWaiting(1));
}

/**
 * The same pipe or terminal, opened once more so that a write that would have to wait fails instead; whoever shares the
 * descriptor keeps theirs as it is. A file makes nobody wait, and its place must stay.
 */
function withoutWaiting(descriptor: number): number {
  if (fstatSync(descriptor).isFile()) return descriptor;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, open.O_WRONLY | open.O_NONBLOCK | open.O_NOCTTY);
  } catch {
    // It belongs to another user, or has no reader any more: then it is used as it came.
    return descriptor;
  }
}

/** Lines that could not be written. */
class Lost {
  #lines = 0;
  #reason = "";

  note(reason: string): void {
    this.#lines += 1;
    this.#reason = reason;
  }

  /** Hands over what is to be written before the next line; the line break ends one that was cut off. */
  notice(): string {
    if (this.#lines === 0) return "";
    const msg = `${this.#lines} line(s) of this log could not be written (${this.#reason})`;
    return `\n${JSON.stringify({ level: 40, time: Date.now(), msg })}\n`;
  }

  clear(): void {
    this.#lines = 0;
  }
}

/** A file, a pipe or a terminal. */
class DescriptorOutput implements LogOutput {
  readonly #descriptor: number;
  readonly #lost = new Lost();
  #waiting: Buffer = Buffer.alloc(0);
  #retry: NodeJS.Timeout | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(line: string): void {
    if (this.#waiting.length > MAX_WAITING) this.#lost.note(TOO_SLOW);
    else this.#send(Buffer.concat([this.#waiting, Buffer.from(this.#lost.notice() + line)]));
  }

  async flush(): Promise<void> {
    const end = Date.now() + FLUSH_MS;
    while (this.#waiting.length > 0 && Date.now() < end) await pause(RETRY_MS);
  }

  #send(bytes: Buffer): void {
    clearTimeout(this.#retry);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      this.#waiting = Buffer.alloc(0);
      this.#lost.clear();
    } catch (error) {
      this.#keep(bytes.subarray(written), codeOf(error));
    }
  }

  #keep(rest: Buffer, code: string): void {
    const isFull = code === "EAGAIN";
    this.#waiting = isFull ? rest : Buffer.alloc(0);
    if (isFull) this.#retry = setTimeout(() => this.#send(this.#waiting), RETRY_MS).unref();
    if (isFull) this.#lost.clear();
    else this.#lost.note(code);
  }
}

/** A socket, as service managers hand over: the stream keeps what its reader is too slow for. */
class SocketOutput implements LogOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #lost = new Lost();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  write(line: string): void {
    if (!this.#stream.writable) return;
    if (this.#stream.writableLength > MAX_WAITING) this.#lost.note(TOO_SLOW);
    else this.#say(line);
  }

  #say(line: string): void {
    this.#stream.write(this.#lost.notice() + line);
    this.#lost.clear();
  }

  async flush(): Promise<void> {
    const end = Date.now() + FLUSH_MS;
    while (this.#stream.writable && this.#stream.writableLength > 0 && Date.now() < end) await pause(RETRY_MS);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
