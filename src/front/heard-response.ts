/**
 * Answers that reach the caller. A caller that is refused while it still sends (413, 404, 401) often reads only afterwards: the
 * rest is read and dropped, bounded in bytes and time, before the connection closes. A caller that asks first (`Expect:
 * 100-continue`) is told to go on when its body is read, and never when nobody wants it. A caller that has closed its own half
 * of the connection may still listen or be gone. Interim responses (102) find out: where nobody listens the network refuses
 * the first one, and writing the second one fails.
 */
import { IncomingMessage, type Server, ServerResponse } from "node:http";

/** Bytes and milliseconds of dropping. */
const MOST_BYTES = 256 * 1024 * 1024;
const LONGEST_MS = 30_000;
const LONGEST_PAUSE_MS = 5_000;
/** Milliseconds between the first two interim responses, and the longest pause: the pauses grow. */
const FIRST_WORDS_MS = 100;
const LATER_WORDS_MS = 5_000;

/** A request that says when its body is wanted, and whether anybody still listens. */
class HeardRequest extends IncomingMessage {
  /** Tells the caller to send; undefined when there is nothing to tell, any more. */
  goOn: (() => void) | undefined;
  answer: ServerResponse | undefined;
  #nextWordAt = 0;
  #wordsEvery = FIRST_WORDS_MS / 2;

  isHungUp(): boolean {
    const { socket, answer } = this;
    if (socket.destroyed) return true;
    if (socket.readableEnded && answer?.headersSent === false && this.httpVersion !== "1.0") this.#sendWord(answer);
    return false;
  }

  #sendWord(answer: ServerResponse): void {
    const now = performance.now();
    if (now < this.#nextWordAt) return;
    this.#wordsEvery = Math.min(this.#wordsEvery * 2, LATER_WORDS_MS);
    this.#nextWordAt = now + this.#wordsEvery;
    answer.writeProcessing();
  }

  override _read(size: number): void {
    const { goOn } = this;
    this.goOn = undefined;
    goOn?.();
    super._read(size);
  }
}

class HeardResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(...given: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...given);
    if (this.req instanceof HeardRequest) this.req.answer = this;
  }

  override end(chunk?: unknown, encoding?: unknown, last?: unknown): this {
    if (!isSending(this.req)) return super.end(chunk, encoding as BufferEncoding, last as () => void);
    // A caller that waits for 100-continue sends no body now, so it is unknown where its next request would begin.
    if (isWaiting(this.req)) {
      this.shouldKeepAlive = false;
      return super.end(chunk, encoding as BufferEncoding, last as () => void);
    }
    const done = [chunk, encoding, last].find((given) => typeof given === "function") as (() => void) | undefined;
    this.#sendWhole(chunk, encoding);
    drop(this.req, () => this.#endDropped(done));
    return this;
  }

  /** With its length, so that the caller knows where it ends while the connection is still open. */
  #sendWhole(chunk: unknown, encoding: unknown): void {
    const isContent = typeof chunk === "string" || chunk instanceof Uint8Array;
    const charset = typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
    const length = typeof chunk === "string" ? Buffer.byteLength(chunk, charset) : isContent ? chunk.length : 0;
    if (!this.headersSent && !this.hasHeader("content-length")) this.setHeader("content-length", length);
    if (length > 0) this.write(chunk, charset);
    else this.flushHeaders();
  }

  #endDropped(done: (() => void) | undefined): void {
    const { complete, socket } = this.req;
    if (!complete) this.once("finish", () => socket.destroySoon());
    if (done === undefined) super.end();
    else super.end(done);
  }
}

/** What servers are made with, so that their answers are heard. */
export const heard = { IncomingMessage: HeardRequest, ServerResponse: HeardResponse } as const;

/** Whether whoever sent the request has hung up. To be asked again and again while they wait. */
export function isHungUp(request: IncomingMessage): boolean {
  return request instanceof HeardRequest ? request.isHungUp() : request.socket.destroyed;
}

/** Answers who asks before sending, and who has closed its own half of the connection. */
export function hearAll(server: Server): void {
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on("checkContinue", (request: HeardRequest, response: ServerResponse) => {
    request.goOn = () => {
      if (!response.headersSent) response.writeContinue();
    };
    server.emit("request", request, response);
  });
}

function isWaiting(request: IncomingMessage): boolean {
  return request instanceof HeardRequest && request.goOn !== undefined;
}

function isSending({ complete, destroyed, headers }: IncomingMessage): boolean {
  if (complete || destroyed) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function drop(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  const stop = (): void => {
    clearTimeout(longest);
    clearTimeout(pause);
    request.off("data", onData).off("end", stop).off("close", stop);
    done();
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    pause.refresh();
    if (bytes > MOST_BYTES) stop();
  };
  const longest = setTimeout(stop, LONGEST_MS);
  const pause = setTimeout(stop, LONGEST_PAUSE_MS);
  request.on("data", onData).on("end", stop).on("close", stop);
  request.resume();
}
