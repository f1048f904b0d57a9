/**
 * How much a worker says: every byte and every message of it costs the thread that serves all others. A gauge fills with
 * what is said and empties with time; a worker whose gauge overflows is ended. Pure but for the clock.
 */

export interface FloodLimits {
  /** What may come a second for as long as it likes. */
  readonly rate: number;
  /** What may come at once. */
  readonly burst: number;
}

/** Of the burst: nobody has so much in the gauge who does not still say more than he may. */
const HIGH_SHARE = 16;

const MEBIBYTE = 1024 * 1024;

/** Bytes on stdout and stderr. A run's log keeps 1 MB of them. */
export const OUTPUT_LIMITS: FloodLimits = { rate: 16 * MEBIBYTE, burst: 64 * MEBIBYTE };

/** Messages that no run calls for: output that came late, answers about idleness. */
export const MESSAGE_LIMITS: FloodLimits = { rate: 100, burst: 1000 };

export class FloodGauge {
  readonly #limits: FloodLimits;
  readonly #now: () => number;
  #level = 0;
  #since: number;

  /** @param now monotonic milliseconds */
  constructor(limits: FloodLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#since = now();
  }

  /** Adds what was said; true when that was too much. */
  overflows(amount: number): boolean {
    this.#level = this.#left() + amount;
    this.#since = this.#now();
    return this.#level > this.#limits.burst;
  }

  /** Whether more was said lately than may be said for long. */
  get isHigh(): boolean {
    return this.#left() > this.#limits.burst / HIGH_SHARE;
  }

  #left(): number {
    return Math.max(0, this.#level - ((this.#now() - this.#since) / 1000) * this.#limits.rate);
  }
}

/** The length of one turn of reading in milliseconds, and the bytes that may be read in it (24 MB a second). Between turns the thread serves others. */
const TURN_MS = 10;
const BYTES_A_TURN = 0.24 * MEBIBYTE;

/** How fast a worker's output is read. A function that writes faster waits at its pipe and delays nobody else. */
export class ReadingPace {
  readonly #now: () => number;
  #turn = -TURN_MS;
  #read = 0;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Adds what was read; how long to read nothing more, in milliseconds, or 0. */
  pauseAfter(bytes: number): number {
    const now = this.#now();
    if (now - this.#turn >= TURN_MS) {
      this.#turn = now;
      this.#read = 0;
    }
    this.#read += bytes;
    return this.#read < BYTES_A_TURN ? 0 : this.#turn + TURN_MS - now;
  }
}
