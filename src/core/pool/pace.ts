/** How long the runs of a function take, and what follows from that for where the next one should wait. */

/** Runs shorter than this may wait inside a busy worker, so that it never idles between two of them ... */
const SHORT_MS = 5;
/** ... as many as it should end within so many milliseconds ... */
const PREFETCH_MS = 8;
/** ... but not more than this. */
const MAX_PREFETCH = 32;
/** Runs this short cost less than waking another worker for them. */
const TINY_MS = 0.5;

/** A busy server only ever makes the measured times longer, so the average follows lower values faster than higher ones. */
const FALL = 0.5;
const RISE = 0.02;

export class Pace {
  #milliseconds: number | undefined;

  /** Milliseconds of a typical run; undefined before the first. */
  get typical(): number | undefined {
    return this.#milliseconds;
  }

  /** Whether runs go to a worker that is busy rather than to one that sleeps. */
  get tiny(): boolean {
    return this.#milliseconds !== undefined && this.#milliseconds < TINY_MS;
  }

  /** Whether runs are too short to judge by how long one of them has waited. */
  get short(): boolean {
    return this.#milliseconds !== undefined && this.#milliseconds < SHORT_MS;
  }

  /** Runs that a worker may hold. */
  get prefetch(): number {
    if (this.#milliseconds === undefined || this.#milliseconds >= SHORT_MS) return 1;
    return Math.min(MAX_PREFETCH, Math.ceil(PREFETCH_MS / Math.max(this.#milliseconds, 0.01)));
  }

  /** A run ended after so many milliseconds. */
  ended(duration: number): void {
    const before = this.#milliseconds ?? duration;
    this.#milliseconds = before + (duration - before) * (duration < before ? FALL : RISE);
  }

  /** A run goes on for so long already. */
  lasts(elapsed: number): void {
    this.#milliseconds = Math.max(this.#milliseconds ?? 0, elapsed);
  }
}
