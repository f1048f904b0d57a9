/**
 * Frames on file descriptor 3 between the server and a guest, see PROTOCOL.md. Part of the guest, so that it needs
 * nothing of the server; the server reads and writes frames with the same code.
 */

/** What a frame says. Below 16: to the guest; from 16 on: from the guest. */
export const FrameType = {
  load: 1,
  invoke: 2,
  cancel: 3,
  probe: 4,
  ready: 16,
  started: 17,
  result: 18,
  error: 19,
  cancelled: 20,
  late: 21,
  idle: 22,
  title: 23,
} as const;

/** u32 length of the body, u32 invocation, u8 type; big-endian. */
export const HEADER_BYTES = 9;

/** A frame whose body is text in UTF-8. */
export const textFrame = (type: number, invocation: number, text: string): Buffer => {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  writeHeader(frame, type, invocation, length);
  frame.write(text, HEADER_BYTES, length, "utf8");
  return frame;
};

/** A frame without a body. */
export const emptyFrame = (type: number, invocation: number): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER_BYTES);
  writeHeader(frame, type, invocation, 0);
  return frame;
};

/** Writes a header at the beginning of a buffer. */
export const writeHeader = (frame: Buffer, type: number, invocation: number, length: number): void => {
  frame.writeUInt32BE(length, 0);
  frame.writeUInt32BE(invocation, 4);
  frame.writeUInt8(type, 8);
};

/** Told about each whole frame; the body is `bytes` from `start` to `end` and is only valid during the call. */
export type FrameHandler = (type: number, invocation: number, bytes: Buffer, start: number, end: number) => void;

/** Cuts a stream of bytes into frames. `feed` answers false once a frame was longer than allowed; feed nothing after that. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #largestBody: number;
  /** A frame that has not arrived whole; as large as the frame once its header is known. */
  #partial: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(handler: FrameHandler, largestBody: number) {
    this.#handler = handler;
    this.#largestBody = largestBody;
  }

  feed(chunk: Buffer): boolean {
    let at = 0;
    while (this.#filled > 0 && at < chunk.length) {
      const taken = this.#complete(chunk, at);
      if (taken < 0) return false;
      at += taken;
    }
    while (chunk.length - at >= HEADER_BYTES) {
      const length = chunk.readUInt32BE(at);
      if (length > this.#largestBody) return false;
      const start = at + HEADER_BYTES;
      const end = start + length;
      if (end > chunk.length) break;
      at = end;
      this.#handler(chunk.readUInt8(start - 1), chunk.readUInt32BE(start - 5), chunk, start, end);
    }
    return at === chunk.length || this.#keep(chunk, at);
  }

  /** Adds to the partial frame and hands it over when it is whole; gives the bytes taken, or -1. */
  #complete(chunk: Buffer, at: number): number {
    const headerIncomplete = this.#filled < HEADER_BYTES;
    const wanted = (headerIncomplete ? HEADER_BYTES : this.#partial.length) - this.#filled;
    const taken = chunk.copy(this.#partial, this.#filled, at, at + wanted);
    this.#filled += taken;
    if (headerIncomplete && this.#filled === HEADER_BYTES && !this.#grow()) return -1;
    if (this.#filled >= HEADER_BYTES && this.#filled === this.#partial.length) this.#deliver();
    return taken;
  }

  #keep(chunk: Buffer, at: number): boolean {
    this.#partial = Buffer.allocUnsafe(HEADER_BYTES);
    this.#filled = chunk.copy(this.#partial, 0, at, at + HEADER_BYTES);
    if (this.#filled < HEADER_BYTES) return true;
    if (!this.#grow()) return false;
    this.#filled += chunk.copy(this.#partial, HEADER_BYTES, at + HEADER_BYTES);
    return true;
  }

  #grow(): boolean {
    const length = this.#partial.readUInt32BE(0);
    if (length > this.#largestBody) return false;
    const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
    this.#partial.copy(frame, 0, 0, HEADER_BYTES);
    this.#partial = frame;
    return true;
  }

  #deliver(): void {
    const frame = this.#partial;
    this.#filled = 0;
    this.#handler(frame.readUInt8(8), frame.readUInt32BE(4), frame, HEADER_BYTES, frame.length);
  }
}
