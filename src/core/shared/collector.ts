/** How long something that was given out is kept: uploads, builds and deployments end within minutes and are on record by then. */
const KEEP_MS = 30 * 60_000;

/** Removes what nobody uses, one after the other. What was given out lately is kept, because a record of its use may be on its way. */
export class Collector {
  readonly #keep: number;
  /** Since when, in monotonic milliseconds. */
  readonly #given = new Map<string, number>();
  readonly #removing = new Map<string, Promise<void>>();

  constructor(keep: number = KEEP_MS) {
    this.#keep = keep;
  }

  /** Protects it from removal for a while; resolves when no removal of it is going on. Only after that does it make sense to look whether it exists. */
  async give(name: string): Promise<void> {
    this.#given.set(name, performance.now());
    await this.#removing.get(name);
  }

  /** Removes those that are neither used nor given. */
  async collect(
    names: readonly string[],
    isUsed: (name: string) => boolean,
    remove: (name: string) => Promise<void>,
  ): Promise<void> {
    for (const name of names) {
      if (this.#isGiven(name) || isUsed(name)) continue;
      const removing = remove(name).finally(() => this.#removing.delete(name));
      this.#removing.set(name, removing);
      await removing;
    }
  }

  #isGiven(name: string): boolean {
    const since = this.#given.get(name);
    if (since === undefined) return false;
    if (performance.now() - since < this.#keep) return true;
    this.#given.delete(name);
    return false;
  }
}
