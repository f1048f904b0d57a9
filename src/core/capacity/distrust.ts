/**
 * Revisions whose workers had to be ended for what they did: forged messages, output without end. Each such end costs the start
 * of another worker, which holds up everybody for a moment (a process that is to start one copies its tables of memory first). So
 * these come after growing pauses, while the calls wait, and yield the processors to everybody else.
 */

/** So many such ends have no consequence: they may be mistakes. */
const FORGIVEN = 3;
/** Milliseconds before the next start after one more; twice as long after each. */
const FIRST_PAUSE_MS = 125;
const LONGEST_PAUSE_MS = 8000;
/** So long after the last one everything is forgotten. */
const REMEMBERED_MS = 60_000;

interface Known {
  ends: number;
  /** Monotonic milliseconds. */
  last: number;
}

export class Distrust {
  readonly #known = new Map<string, Known>();

  /** A worker of this revision was ended for what it did. */
  ended(faasId: string): void {
    const known = this.#known.get(faasId);
    this.#known.set(faasId, { ends: (known?.ends ?? 0) + 1, last: performance.now() });
  }

  /** How many milliseconds from now its next worker starts; 0 for at once. */
  pauseOf(faasId: string): number {
    const { ends = 0, last = 0 } = this.#known.get(faasId) ?? {};
    if (ends <= FORGIVEN) return 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (ends - FORGIVEN - 1), LONGEST_PAUSE_MS);
    return Math.max(0, last + pause - performance.now());
  }

  /** Whether its workers yield the processors to others. */
  yields(faasId: string): boolean {
    return (this.#known.get(faasId)?.ends ?? 0) > FORGIVEN;
  }

  /** To be called now and then. */
  forget(now: number): void {
    for (const [faasId, { last }] of this.#known) if (now - last > REMEMBERED_MS) this.#known.delete(faasId);
  }
}
