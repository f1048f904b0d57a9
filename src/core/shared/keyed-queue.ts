/** Background work per resource: one piece at a time for each key, in order; nothing is processed twice at once. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Runs `work` after everything that was queued for the key before. Its errors are reported, never thrown. */
  push(key: string, work: () => Promise<void>): void {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const tail = before.then(work).catch(this.#report);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
  }

  /** Resolves when everything queued so far is done. */
  async drained(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
