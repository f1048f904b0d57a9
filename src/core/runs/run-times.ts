/** Where the time of a run went, in microseconds: what a slow one is explained by. */
import { type Birth, overlap } from "../pool/birth.ts";

export interface RunTimes {
  /** It waited: for its turn, for a worker, for what must be on record first. */
  readonly queue: number;
  /** A worker was started for it: its sandbox and its interpreter. */
  readonly start: number;
  /** The function was loaded into that worker. */
  readonly load: number;
  /** From the entry of the handler to its result and the last of its output. */
  readonly handler: number;
}

/** What is measured while a run goes on; moments are monotonic milliseconds. */
export class Stopwatch {
  readonly acceptedAt = performance.now();
  #enteredAt = 0;
  #start = 0;
  #load = 0;

  /** The handler is entered, in a worker of this age. */
  enter({ asked, warmed, loaded }: Birth): void {
    const now = performance.now();
    this.#enteredAt = now;
    if (loaded <= this.acceptedAt) return;
    this.#start = overlap(this.acceptedAt, now, asked, warmed);
    this.#load = overlap(this.acceptedAt, now, warmed, loaded);
  }

  /** The times of a run that ends now, as they are kept: four numbers with blanks between them. */
  end(): string {
    const now = performance.now();
    const entered = this.#enteredAt === 0 ? now : this.#enteredAt;
    const queue = entered - this.acceptedAt - this.#start - this.#load;
    return `${micros(queue)} ${micros(this.#start)} ${micros(this.#load)} ${micros(now - entered)}`;
  }
}

function micros(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000));
}

/** Undefined for runs of before they were kept, and for those that a restart ended. */
export function timesOf(kept: string | undefined): RunTimes | undefined {
  const [queue, start, load, handler] = kept?.split(" ").map(Number) ?? [];
  if (queue === undefined || start === undefined || load === undefined || handler === undefined) return undefined;
  return { queue, start, load, handler };
}
