/** One after the other, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does it when all before have ended, well or badly. */
  take<T>(what: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(what);
    this.#last = mine.catch(() => {});
    return mine;
  }
}
