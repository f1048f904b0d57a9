/** Uploads are read in a thread, one at a time for the whole server and with a deadline: nobody else waits for a large one. */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { SourceError } from "../shared/source-file.ts";
import type { ArchiveLimits } from "./archive.ts";
import { Base64Error, type UploadAnswer } from "./source-upload.ts";

const DEADLINE_MS = 60_000;
/** An idle thread ends after this and gives its memory back. */
const IDLE_MS = 30_000;

export class SourceReader {
  readonly #limits: ArchiveLimits;
  readonly #deadlineMs: number;
  #thread: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: ArchiveLimits, deadlineMs = DEADLINE_MS) {
    this.#limits = limits;
    this.#deadlineMs = deadlineMs;
  }

  /** The bundle of an upload. @throws Base64Error; SourceError with a sentence for the user */
  read(base64: string): Promise<Uint8Array> {
    const reading = this.#last.then(() => this.#ask(base64));
    this.#last = reading.catch(() => {});
    return reading;
  }

  async #ask(base64: string): Promise<Uint8Array> {
    clearTimeout(this.#idle);
    const answer = await this.#answer(base64);
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
    if ("bundle" in answer) return answer.bundle;
    if ("failure" in answer) throw new Error(answer.failure);
    throw answer.refusal === "base64" ? new Base64Error(answer.message) : new SourceError(answer.message);
  }

  #answer(base64: string): Promise<UploadAnswer> {
    this.#thread ??= startThread();
    const thread = this.#thread;
    const { promise, resolve, reject } = Promise.withResolvers<UploadAnswer>();
    const failed = (error: Error): void => {
      this.#end();
      reject(error);
    };
    const seconds = this.#deadlineMs / 1000;
    const late = () => failed(new SourceError(`The source takes longer than ${seconds} s to unpack: make it smaller.`));
    const deadline = setTimeout(late, this.#deadlineMs);
    const onExit = () => failed(new SourceError("The source needs more memory than the server has."));
    thread.once("message", resolve).once("error", failed).once("exit", onExit);
    thread.postMessage({ base64, limits: this.#limits });
    return promise.finally(() => {
      clearTimeout(deadline);
      thread.off("message", resolve).off("error", failed).off("exit", onExit);
    });
  }

  #end(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    // An error of a thread that nobody waits for any more must not end the server.
    thread?.on("error", () => {});
    void thread?.terminate();
  }
}

function startThread(): Worker {
  const packed = new URL("./source-thread.js", import.meta.url);
  const thread = new Worker(existsSync(packed) ? packed : new URL("./source-thread.ts", import.meta.url));
  thread.unref();
  return thread;
}
