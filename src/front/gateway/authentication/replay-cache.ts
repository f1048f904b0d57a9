/** Signatures that were seen, so that a recorded request cannot be sent again while its time is still good. */

/** Milliseconds: a time may lie 5 minutes ahead and is good until 5 minutes behind. */
const lifetime = 10 * 60_000;

export class ReplayCache {
  readonly #capacity: number;
  /** To the Unix milliseconds of being seen; a Map keeps the order of insertion, so the oldest come first. */
  readonly #seen = new Map<string, number>();

  /** Only verified signatures come in, so that a stranger cannot push others out of a full cache. */
  constructor(capacity = 50_000) {
    this.#capacity = capacity;
  }

  /** False when it was seen before. */
  add(signature: string, now: number): boolean {
    this.#forget(now);
    if (this.#seen.has(signature)) return false;
    this.#seen.set(signature, now);
    return true;
  }

  #forget(now: number): void {
    for (const [signature, time] of this.#seen) {
      if (now - time <= lifetime && this.#seen.size < this.#capacity) return;
      this.#seen.delete(signature);
    }
  }
}
