/** One thread with a bound of memory, which answers one question after the other. */
import { Worker } from "node:worker_threads";
import { OwnError } from "../own-error.ts";

/** What was broken: `fault` is an unexpected error, `room` says that too many wait, `stop` that the server stops. */
export type Bound = "time" | "memory" | "fault" | "room" | "stop";

/** A question that has no answer. The message holds nothing of the question. */
export class BoundError extends OwnError {
  override name = "BoundError";
  readonly bound: Bound;

  constructor(bound: Bound, cause?: unknown) {
    super(`no answer from a thread: ${bound}`, { cause });
    this.bound = bound;
  }
}

/** What a thread's program posts when it has loaded; from then on time is counted. */
export const READY = "ready";

/** What it posts as answers. An answer that is not final is used when the thread breaks a bound before the final one. */
export interface Reply<Answer> {
  readonly answer: Answer;
  readonly final: boolean;
}

interface Asked<Answer> {
  resolve(answer: Answer): void;
  reject(error: BoundError): void;
  /** Of the processor. */
  readonly milliseconds: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  timer: NodeJS.Timeout;
  provisional: { readonly answer: Answer } | undefined;
}

/** Longest time to load the program. */
const LOAD_MS = 30_000;
/** An answer may take so many times its processor time by the clock, because the machine may be busy. */
const PATIENCE = 5;

export class BoundedThread<Question, Answer> {
  readonly #worker: Worker;
  #asked: Asked<Answer> | undefined;
  #ready = false;
  /** Set when a bound was broken: it answers nothing more. */
  ended = false;

  constructor(program: URL, mebibytes: number) {
    this.#worker = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: mebibytes } });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply<Answer> | typeof READY) => {
      if (reply === READY) this.#start();
      else this.#hear(reply);
    });
    this.#worker.on("error", (error: NodeJS.ErrnoException) => this.#break(boundOf(error), error));
    this.#worker.on("exit", () => this.#break("fault"));
  }

  /** One question at a time; `milliseconds` of processor time for its answer. @throws BoundError */
  ask(question: Question, milliseconds: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end("time"), LOAD_MS);
      this.#asked = { resolve, reject, milliseconds, since: performance.now(), timer, provisional: undefined };
      if (this.#ready) this.#start();
      this.#worker.postMessage(question);
    });
  }

  /** Ends it, in the middle of whatever it does. */
  end(bound: Bound): void {
    this.#break(bound);
    void this.#worker.terminate();
  }

  #start(): void {
    this.#ready = true;
    if (this.#asked === undefined) return;
    const before = this.#worker.cpuUsage();
    before.catch(() => undefined); // It may end before anybody looks.
    this.#watch(this.#asked, before, this.#asked.milliseconds);
  }

  /** Checks again when the time could be used up. A thread that does not answer how much it has used is ended after a while, too. */
  #watch(asked: Asked<Answer>, before: Promise<NodeJS.CpuUsage>, milliseconds: number): void {
    clearTimeout(asked.timer);
    asked.timer = setTimeout(() => {
      const last = performance.now() - asked.since > PATIENCE * asked.milliseconds;
      if (last) this.end("time");
      else void this.#lookAgain(asked, before);
    }, milliseconds);
  }

  async #lookAgain(asked: Asked<Answer>, before: Promise<NodeJS.CpuUsage>): Promise<void> {
    asked.timer = setTimeout(() => this.end("time"), PATIENCE * asked.milliseconds);
    const used = await this.#used(before).catch(() => 0);
    if (this.#asked !== asked) return;
    if (used >= asked.milliseconds) this.end("time");
    else this.#watch(asked, before, Math.max(asked.milliseconds - used, 50));
  }

  /** Milliseconds of processor time since then. */
  async #used(before: Promise<NodeJS.CpuUsage>): Promise<number> {
    const { user, system } = await this.#worker.cpuUsage(await before);
    return (user + system) / 1000;
  }

  #hear({ answer, final }: Reply<Answer>): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    if (!final) {
      asked.provisional = { answer };
      return;
    }
    this.#asked = undefined;
    clearTimeout(asked.timer);
    asked.resolve(answer);
  }

  #break(bound: Bound, cause?: unknown): void {
    this.ended = true;
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#asked = undefined;
    clearTimeout(asked.timer);
    if (asked.provisional === undefined) asked.reject(new BoundError(bound, cause));
    else asked.resolve(asked.provisional.answer);
  }
}

function boundOf({ code }: NodeJS.ErrnoException): Bound {
  return code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "fault";
}
