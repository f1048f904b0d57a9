/** How many deliveries of a subscription are under way at once in this process, first come, first served. */

interface Turns {
  going: number;
  readonly waiting: (() => void)[];
}

export class DeliveryTurns {
  readonly #turns = new Map<string, Turns>();
  /** By subscription: the last act that was begun. */
  readonly #acts = new Map<string, Promise<unknown>>();

  /** Runs the tasks of a subscription one after the other, in the order in which they came. */
  inOrder<T>(subscription: string, act: () => Promise<T>): Promise<T> {
    const result = (this.#acts.get(subscription) ?? Promise.resolve()).then(act);
    const tail = result.catch(() => {});
    this.#acts.set(subscription, tail);
    void tail.then(() => {
      if (this.#acts.get(subscription) === tail) this.#acts.delete(subscription);
    });
    return result;
  }

  /** Whether one more would have to wait behind as many as may be under way. */
  isCrowded(subscription: string, most: number): boolean {
    return (this.#turns.get(subscription)?.waiting.length ?? 0) >= most;
  }

  /** Resolves when it is its turn, with what ends it. */
  async enter(subscription: string, most: number): Promise<() => void> {
    const turns = this.#turns.get(subscription) ?? { going: 0, waiting: [] };
    this.#turns.set(subscription, turns);
    if (turns.going < most) turns.going++;
    else await new Promise<void>((resolve) => turns.waiting.push(resolve));
    return () => this.#leave(subscription, turns);
  }

  #leave(subscription: string, turns: Turns): void {
    const next = turns.waiting.shift();
    if (next !== undefined) next();
    else turns.going--;
    if (turns.going === 0) this.#turns.delete(subscription);
  }
}
