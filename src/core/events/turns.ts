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

  /** Whether one more would have to wait. */
  isFull(subscription: string, most: number): boolean {
    return (this.#turns.get(subscription)?.going ?? 0) >= most;
  }

  /** Takes a turn if one is free: what ends it. */
  tryEnter(subscription: string, most: number): (() => void) | undefined {
    const turns = this.#turns.get(subscription) ?? { going: 0, waiting: [] };
    if (turns.going >= most) return undefined;
    this.#turns.set(subscription, turns);
    turns.going++;
    return this.#leaveOnce(subscription, turns);
  }

  /** Resolves when it is its turn, with what ends it. */
  async enter(subscription: string, most: number): Promise<() => void> {
    const leave = this.tryEnter(subscription, most);
    if (leave !== undefined) return leave;
    const turns = this.#turns.get(subscription) ?? { going: 0, waiting: [] };
    await new Promise<void>((resolve) => turns.waiting.push(resolve));
    return this.#leaveOnce(subscription, turns);
  }

  #leaveOnce(subscription: string, turns: Turns): () => void {
    let hasTurn = true;
    return () => {
      if (hasTurn) this.#leave(subscription, turns);
      hasTurn = false;
    };
  }

  #leave(subscription: string, turns: Turns): void {
    const next = turns.waiting.shift();
    if (next !== undefined) next();
    else turns.going--;
    if (turns.going === 0) this.#turns.delete(subscription);
  }
}
