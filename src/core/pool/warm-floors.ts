/**
 * Workers that functions keep although nobody calls them (`minWarm`). All together they are at most half of the server's, so
 * that the others always find room; who asked first keeps what it has.
 */
import type { Revision } from "./revision.ts";

export class WarmFloors {
  readonly #most: number;
  /** By revision, in the order in which they came. */
  readonly #wanted = new Map<string, number>();

  constructor(maxWorkers: number) {
    this.#most = Math.floor(maxWorkers / 2);
  }

  keep({ faasId, minWarm = 0, concurrency }: Revision): void {
    if (minWarm > 0) this.#wanted.set(faasId, Math.min(minWarm, concurrency));
  }

  forget(faasId: string): void {
    this.#wanted.delete(faasId);
  }

  /** How many workers a revision keeps now. */
  of(faasId: string): number {
    let left = this.#most;
    for (const [one, wanted] of this.#wanted) {
      if (one === faasId) return Math.min(wanted, left);
      left -= Math.min(wanted, left);
    }
    return 0;
  }
}
