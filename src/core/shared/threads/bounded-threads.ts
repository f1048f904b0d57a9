/**
 * Work that a stranger's bytes can make long, away from the thread that answers everybody: each question has a deadline,
 * each thread a bound of memory, and a thread that breaks one is replaced. Keys take turns and hold one thread at most, so
 * that nobody keeps all of them busy alone.
 */
import { BoundError, BoundedThread } from "./bounded-thread.ts";

export interface ThreadBounds {
  /** Threads at once; they start when they are needed and end when nobody has asked for a while. */
  readonly threads: number;
  /** Of processor time, for one answer. */
  readonly milliseconds: number;
  /** For one thread. */
  readonly mebibytes: number;
  /** Questions of one key that may wait. */
  readonly waiting: number;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

const IDLE_MS = 30_000;

export class BoundedThreads<Question, Answer> {
  readonly #program: URL;
  readonly #bounds: ThreadBounds;
  /** In the order of their turns. */
  readonly #queues = new Map<string, Waiting<Question, Answer>[]>();
  readonly #busy = new Map<string, BoundedThread<Question, Answer>>();
  #idle: BoundedThread<Question, Answer>[] = [];
  #rest: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(program: URL, bounds: ThreadBounds) {
    this.#program = program;
    this.#bounds = bounds;
  }

  /** `patient` questions wait however many others do. @throws BoundError */
  ask(key: string, question: Question, patient = false): Promise<Answer> {
    if (this.#closed) return Promise.reject(new BoundError("stop"));
    const queue = this.#queues.get(key) ?? [];
    if (!patient && queue.length >= this.#bounds.waiting) return Promise.reject(new BoundError("room"));
    this.#queues.set(key, queue);
    return new Promise((resolve, reject) => {
      queue.push({ question, resolve, reject });
      this.#next();
    });
  }

  /** Whatever waits or is being answered fails with `stop`. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    for (const queue of this.#queues.values()) for (const { reject } of queue) reject(new BoundError("stop"));
    this.#queues.clear();
    for (const thread of [...this.#busy.values(), ...this.#idle]) thread.end("stop");
    this.#idle = [];
  }

  #next(): void {
    for (const [key, queue] of this.#queues) {
      if (this.#busy.size >= this.#bounds.threads) return;
      const first = this.#busy.has(key) ? undefined : queue.shift();
      if (first === undefined) continue;
      this.#queues.delete(key);
      if (queue.length > 0) this.#queues.set(key, queue);
      this.#answer(key, first);
    }
  }

  #answer(key: string, { question, resolve, reject }: Waiting<Question, Answer>): void {
    const thread = this.#idle.pop() ?? new BoundedThread<Question, Answer>(this.#program, this.#bounds.mebibytes);
    this.#busy.set(key, thread);
    clearTimeout(this.#rest);
    thread
      .ask(question, this.#bounds.milliseconds)
      .then(resolve, reject)
      .finally(() => this.#done(key, thread));
  }

  #done(key: string, thread: BoundedThread<Question, Answer>): void {
    this.#busy.delete(key);
    if (this.#closed) thread.end("stop");
    else if (!thread.ended) this.#idle.push(thread);
    this.#next();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#endIdle(), IDLE_MS).unref();
  }

  #endIdle(): void {
    for (const thread of this.#idle.splice(0)) thread.end("stop");
  }
}
