import type { Share } from "./share.ts";

/** Who has workers and may want more. */
export interface Claimant {
  readonly organization: string;
  /** Workers that it has. */
  readonly workers: number;
  /** How many calls called each other before the first that waits; 0 when none waits. */
  readonly depth: number;
  /** Since when the first that waits does, in monotonic milliseconds; Infinity when none waits. */
  readonly waitsSince: number;
}

/** Somebody wants a worker. */
export class Demand {
  readonly claimant: Claimant;
  /** Nobody waits for this worker yet, so that no other is ended for it. */
  readonly spare: boolean;
  readonly #depth: number;
  readonly #since = performance.now();
  #share: Share | undefined;

  constructor(claimant: Claimant, spare: boolean) {
    this.claimant = claimant;
    this.spare = spare;
    this.#depth = claimant.depth;
  }

  get depth(): number {
    return Math.max(this.#depth, this.claimant.depth);
  }

  get waitsSince(): number {
    return Math.min(this.#since, this.claimant.waitsSince);
  }

  /** Its worker may start; until `settled` is called that counts as a busy worker. */
  granted(share: Share): void {
    share.held++;
    if (this.spare) return;
    this.#share = share;
    share.enter(this.#depth);
  }

  settled(): void {
    this.#share?.leave(this.#depth);
    this.#share = undefined;
  }
}
