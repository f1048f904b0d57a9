/** Who stands in line for each subscription, as far as this process has promised it: the last one, until it leaves its order. */

interface Line {
  last: string;
  /** How many have left it. */
  left: number;
  /** When somebody behind others had the queue looked at, in monotonic milliseconds. */
  looked: number;
}

/** Whoever stands behind another is found when that one leaves. Now and then the queue is looked at all the same. */
const LOOK_EVERY_MS = 1000;

export class Lines {
  readonly #lines = new Map<string, Line>();

  isEmpty(subscription: string): boolean {
    return !this.#lines.has(subscription);
  }

  isLast(subscription: string, delivery: string): boolean {
    return this.#lines.get(subscription)?.last === delivery;
  }

  /**
   * Those that come then are behind it. The result says, once it is on record, whether the queue is to be looked at: not where
   * another is before it all the time, since the queue is looked at when that one leaves.
   */
  join(subscription: string, delivery: string): () => boolean {
    const line = this.#lines.get(subscription);
    if (line === undefined) {
      this.#lines.set(subscription, { last: delivery, left: 0, looked: performance.now() });
      return () => true;
    }
    line.last = delivery;
    const { left } = line;
    return () => line.left !== left || isLate(line);
  }

  /** It stands before no other any more. */
  leave(subscription: string, delivery: string): void {
    const line = this.#lines.get(subscription);
    if (line === undefined) return;
    line.left++;
    if (line.last === delivery) this.#lines.delete(subscription);
  }
}

function isLate(line: Line): boolean {
  const now = performance.now();
  if (now - line.looked < LOOK_EVERY_MS) return false;
  line.looked = now;
  return true;
}
