/** Units of statements on their way to the database, in groups that are written together. */

/** A unit of a group that was not committed. */
export interface UnitFailure {
  /** Its place in the group. */
  readonly unit: number;
  readonly error: Error;
}

interface Waiting {
  /** Whether it waited for others that were on their way. */
  readonly more: boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** After a group of so many units, the next group waits for units that are still on their way, so that one disk write serves all. */
const MANY = 4;
/** Longest such wait, in milliseconds. */
const GATHER_MS = 2;

/** `Part` is what a group is made of: whole units, or their pieces one behind the other. */
export class CommitQueue<Part> {
  readonly #write: (group: readonly Part[]) => void;
  #group: Part[] = [];
  #waiting: Waiting[] = [];
  /** The callers who wait for the group that is being written. */
  #writing: readonly Waiting[] = [];
  #lastSize = 0;
  /** Whether each unit of the group waits for others that are on their way. */
  #more = true;
  #gathering: NodeJS.Timeout | undefined;
  #closing: NodeJS.Immediate | undefined;

  /** `write` hands a group to the database; its answer comes through `written`. */
  constructor(write: (group: readonly Part[]) => void) {
    this.#write = write;
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#writing.length === 0;
  }

  /** Resolves when the unit that `put` adds to the group is durable. `more` says that other units follow, for which this one may wait a moment. */
  add(put: (group: Part[]) => void, more: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#put(put);
      this.#waiting.push({ more, resolve, reject });
      this.#more &&= more;
      this.#schedule();
    });
  }

  /** When `put` throws, nothing of the unit stays in the group. @throws what `put` throws */
  #put(put: (group: Part[]) => void): void {
    const { length } = this.#group;
    try {
      put(this.#group);
    } catch (error) {
      this.#group.length = length;
      throw error;
    }
  }

  /**
   * The group is committed, except for these units. Whoever waited for nobody hears of it a turn before the others: while one
   * function is flooded, a call of another closes the group, and its answer would wait for all answers of the flood.
   */
  written(failures: readonly UnitFailure[]): void {
    const written = this.#writing;
    this.#writing = [];
    this.#lastSize = written.length;
    if (this.#waiting.length > 0) this.#schedule();
    const failed = new Map(failures.map(({ unit, error }) => [written[unit], error]));
    const tell = (all: readonly Waiting[]): void => {
      for (const waiting of all) settle(waiting, failed.get(waiting));
    };
    const first = written.filter(({ more }) => !more);
    const others = written.filter(({ more }) => more);
    tell(first);
    if (first.length === 0) tell(others);
    else if (others.length > 0) setImmediate(tell, others);
  }

  /** The database is gone. */
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
    this.#more = true;
    this.#write(group);
  }
}

function settle(waiting: Waiting, error: Error | undefined): void {
  if (error === undefined) waiting.resolve();
  else waiting.reject(error);
}
