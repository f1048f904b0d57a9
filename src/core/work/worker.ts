/** What one kind's work is done by. */

import { OwnError } from "../shared/own-error.ts";
import type { Statement } from "../shared/ports.ts";
import type { HeldJob } from "./job.ts";

/**
 * Does a job. What it returns is committed together with the job's completion; undefined says that it has ended the job in
 * a unit of its own. What it throws is an attempt that failed. The signal says that the job has been lost to somebody else.
 */
export type Perform = (job: HeldJob, signal: AbortSignal, place: Place) => Promise<Ending>;

/** What a job has while it is done. */
export interface Place {
  /** Gives up its place among those that are done at once: it only waits from there on, and its worker bounds how many do. */
  free(): void;
  /** It has left its order: one that stands behind it there may be due. Otherwise its end says so. */
  pass(): void;
  /** Takes up to so many of those behind it in its order. They are for the caller to do, in that order, each by `also`. */
  takeBehind(limit: number): Promise<readonly HeldJob[]>;
  /** Does such a job at once; it ends like every other. */
  also(job: HeldJob, doing: () => Promise<Ending>): void;
}

export type Ending = readonly Statement[] | undefined;

/** The job cannot be done now, through no fault of its own: it is put back, and this was no attempt. */
export class NotNowError extends OwnError {
  override name = "NotNowError";
  readonly pause: number;

  /** `pause` in milliseconds. */
  constructor(pause: number, cause?: unknown) {
    super("not now", { cause });
    this.pause = pause;
  }
}

/** No later attempt can do it either: it becomes a dead letter at once. */
export class HopelessError extends OwnError {
  override name = "HopelessError";
}
