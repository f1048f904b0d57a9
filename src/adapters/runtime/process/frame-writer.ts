/** Writes frames to a worker: all of one turn of the event loop, to one worker, in one write. */
import type { Writable } from "node:stream";

const SMALL_FRAME = 16 * 1024;

const dirty: FrameWriter[] = [];
let scheduled = false;

const flushAll = (): void => {
  scheduled = false;
  for (const writer of dirty.splice(0)) writer.flush();
};

export class FrameWriter {
  readonly #channel: Writable;
  #pending: Uint8Array[] = [];

  constructor(channel: Writable) {
    this.#channel = channel;
  }

  /** Queues a frame, or a part of one, for the end of this turn. */
  write(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    if (this.#pending.length > 1) return;
    dirty.push(this);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flushAll);
  }

  flush(): void {
    const [first] = this.#pending;
    if (first === undefined || !this.#channel.writable) return;
    if (this.#pending.length === 1) this.#channel.write(first);
    else this.#writeTogether();
    this.#pending = [];
  }

  /** One copy of small frames is cheaper than a list of them for the kernel. */
  #writeTogether(): void {
    if (this.#pending.every(({ length }) => length <= SMALL_FRAME)) {
      this.#channel.write(Buffer.concat(this.#pending));
      return;
    }
    this.#channel.cork();
    for (const bytes of this.#pending) this.#channel.write(bytes);
    this.#channel.uncork();
  }
}
