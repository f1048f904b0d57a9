import { setTimeout as sleep } from "node:timers/promises";
import { NotNowError } from "../work/worker.ts";

/** Of the database's time so much is left to others: four fifths. */
const SHARE = 4;
const SHORTEST_REST_MS = 10;

/** Work in the background, in steps that take a few milliseconds each. */
export class Pace {
  readonly #stop = new AbortController();

  /** What goes on ends after its present step. */
  stop(): void {
    this.#stop.abort();
  }

  /** Does one step and rests. @throws NotNowError when the server stops or the job was lost */
  async step<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    if (signal.aborted || this.#stop.signal.aborted) throw new NotNowError(0);
    const begun = performance.now();
    const result = await act();
    const rest = Math.max(SHORTEST_REST_MS, SHARE * (performance.now() - begun));
    await sleep(rest, undefined, { signal: this.#stop.signal }).catch(() => {});
    return result;
  }
}
