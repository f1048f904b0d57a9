/**
 * The runs that have not ended, oldest first. A linked list and no Map: V8 links every table that a Map has outgrown to the
 * next one, so whatever entered and left the Map since one of its tables grew old survives all minor collections of garbage.
 */
import type { Serving } from "../functions/revisions.ts";
import type { ActiveRun, Going } from "./active-run.ts";

export class ActiveRuns {
  #oldest: ActiveRun | undefined;
  #youngest: ActiveRun | undefined;
  #size = 0;
  /** Of each function, how many go on and have not ended: they may still wait for their end to be on record. */
  readonly #going = new WeakMap<Serving, Going>();

  get size(): number {
    return this.#size;
  }

  add(run: ActiveRun): void {
    run.older = this.#youngest;
    if (run.older === undefined) this.#oldest = run;
    else run.older.younger = run;
    this.#youngest = run;
    this.#size++;
    run.going = this.#goingOf(run.serving);
    run.going.count++;
  }

  /** One has ended, and is taken out when that is on record. Whether others of its function go on. */
  ends(run: ActiveRun): boolean {
    const { going } = run;
    if (going === undefined) return false;
    run.going = undefined;
    going.count--;
    return going.count > 0;
  }

  /** Does nothing when the run has been taken out already. */
  remove(run: ActiveRun): void {
    const { older, younger } = run;
    if (older === undefined && this.#oldest !== run) return;
    this.ends(run);
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    run.older = undefined;
    run.younger = undefined;
    this.#size--;
  }

  #goingOf(serving: Serving): Going {
    let going = this.#going.get(serving);
    if (going === undefined) {
      going = { count: 0 };
      this.#going.set(serving, going);
    }
    return going;
  }

  /** Looks at one after the other: only runs that call others, and those under a key, are asked for. */
  find(id: string): ActiveRun | undefined {
    for (const run of this) if (run.record.id === id) return run;
    return undefined;
  }

  /** The current run may be taken out meanwhile. */
  *[Symbol.iterator](): Generator<ActiveRun, void> {
    let run = this.#oldest;
    while (run !== undefined) {
      const { younger }: ActiveRun = run;
      yield run;
      run = younger;
    }
  }
}
