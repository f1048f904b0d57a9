/** How many workers may live and how many may start at once; who waits is served in the order of asking. */

export class WorkerBudget {
  readonly #maxWorkers: number;
  readonly #maxStarting: number;
  #living = 0;
  #starting = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(maxWorkers: number, maxStarting: number) {
    this.#maxWorkers = maxWorkers;
    this.#maxStarting = maxStarting;
  }

  get living(): number {
    return this.#living;
  }

  get full(): boolean {
    return this.#living >= this.#maxWorkers;
  }

  /** Resolves when a worker may be started. `makeRoom` is asked when too many live: it may end an idle one. */
  async start<T>(makeRoom: () => void, begin: () => Promise<T>): Promise<T> {
    while (this.full || this.#starting >= this.#maxStarting) {
      if (this.full) makeRoom();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#living++;
    this.#starting++;
    try {
      return await begin();
    } catch (error) {
      this.#living--;
      throw error;
    } finally {
      this.#starting--;
      this.#waiting.shift()?.();
    }
  }

  ended(): void {
    this.#living--;
    this.#waiting.shift()?.();
  }
}
