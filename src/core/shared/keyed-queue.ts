/**
 * Background work per resource: one piece at a time for each key, in order; nothing is processed twice at once. Over all keys at
 * most so many pieces go on together. Keys are `group/name`: a place that is free goes to the group that has the fewest.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #report: (error: unknown) => void;
  readonly #most: number;
  readonly #waiting: { readonly group: string; readonly begin: () => void }[] = [];
  /** By group, how many pieces go on. */
  readonly #going = new Map<string, number>();

  constructor(report: (error: unknown) => void, most = Infinity) {
    this.#report = report;
    this.#most = most;
  }

  /** Runs `work` after what was queued for the key before. Its errors are reported, never thrown. */
  push(key: string, work: () => Promise<void>): void {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const group = key.split("/", 1)[0] ?? "";
    const tail = before.then(() => this.#inPlace(group, work)).catch(this.#report);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
  }

  /** Resolves when everything queued so far is done. */
  async drained(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  async #inPlace(group: string, work: () => Promise<void>): Promise<void> {
    if (this.#total() >= this.#most)
      await new Promise<void>((resolve) => this.#waiting.push({ group, begin: resolve }));
    else this.#count(group, 1);
    try {
      await work();
    } finally {
      this.#count(group, -1);
      this.#next();
    }
  }

  #next(): void {
    const fewest = Math.min(...this.#waiting.map(({ group }) => this.#of(group)));
    const at = this.#waiting.findIndex(({ group }) => this.#of(group) === fewest);
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (next === undefined) return;
    this.#count(next.group, 1);
    next.begin();
  }

  #of(group: string): number {
    return this.#going.get(group) ?? 0;
  }

  #total(): number {
    return [...this.#going.values()].reduce((sum, going) => sum + going, 0);
  }

  #count(group: string, by: 1 | -1): void {
    const going = this.#of(group) + by;
    if (going > 0) this.#going.set(group, going);
    else this.#going.delete(group);
  }
}
