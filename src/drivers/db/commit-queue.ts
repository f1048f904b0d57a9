/** Units of statements on their way to the database thread, in groups that are written together. */
import type { Statement } from "../../core/shared/ports.ts";
import type { CommitFailure, Group } from "./sqlite-messages.ts";

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** While so many units come together, the next group waits for those that are on their way: one disk write serves them all. */
const MANY = 4;
/** Not longer than this, in milliseconds. */
const GATHER_MS = 2;

export interface CommitQueueOptions {
  /** The number of a statement's text. */
  index(sql: string): number;
  /** Hands a group to the thread; its answer comes through `written`. */
  write(group: Group): void;
  error(failure: CommitFailure): Error;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #group: Group[number][] = [];
  #waiting: Waiting[] = [];
  /** The group that the thread has. */
  #writing: readonly Waiting[] = [];
  #lastSize = 0;
  /** Whether others were on their way when the last unit came. */
  #more = false;
  #gathering: NodeJS.Timeout | undefined;
  #closing: NodeJS.Immediate | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#writing.length === 0;
  }

  /** Resolves when the unit is durable. `more` says that others are on their way. */
  add(unit: readonly Statement[], more: boolean): Promise<void> {
    this.#group.push(unit.length);
    for (const { sql, parameters, expect } of unit) {
      this.#group.push(this.#options.index(sql), expect === "one", parameters.length);
      for (const value of parameters) this.#group.push(value);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#more = more;
      this.#schedule();
    });
  }

  /** The group that the thread had is committed, except for these units. */
  written(failures: readonly CommitFailure[]): void {
    const written = this.#writing;
    this.#writing = [];
    this.#lastSize = written.length;
    if (this.#waiting.length > 0) this.#schedule();
    const failed = new Map(failures.map((failure) => [failure.unit, failure]));
    for (const [unit, waiting] of written.entries()) {
      const failure = failed.get(unit);
      if (failure === undefined) waiting.resolve();
      else waiting.reject(this.#options.error(failure));
    }
  }

  /** The thread is gone. */
  fail(error: Error): void {
    for (const waiting of [...this.#writing, ...this.#waiting]) waiting.reject(error);
    this.#writing = [];
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#writing.length > 0) return;
    if (this.#more && this.#lastSize >= MANY) this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
    else this.#closing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearTimeout(this.#gathering);
    clearImmediate(this.#closing);
    this.#gathering = undefined;
    this.#closing = undefined;
    if (this.#waiting.length === 0) return;
    const group = this.#group;
    this.#writing = this.#waiting;
    this.#waiting = [];
    this.#group = [];
    this.#options.write(group);
  }
}
