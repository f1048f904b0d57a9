/** Every kind of work there is, and how it is done. Who does it is put together in compose/core.ts. */

export interface WorkKind {
  /** So many at once in this process. */
  readonly concurrency: number;
  /** After so many failed attempts it is a dead letter; 0 for any number. */
  readonly maxAttempts: number;
  /** Milliseconds before the second attempt; each further pause is twice as long, up to `longestPause`. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Being taken is no attempt: its worker counts them. */
  readonly countsItself?: true;
  /**
   * So many of one organization at once in this process, so that a place is left to the others. One that is free goes to the
   * organization that has the fewest, instead of to the oldest job.
   */
  readonly mostOfOne?: number;
}

export const kinds = {
  /** A run that nobody waits for. How often it is tried is its function's to say; see core/runs/repetition.ts. */
  run: { concurrency: 512, maxAttempts: 0, firstPause: 1000, longestPause: 600_000, countsItself: true },
  /** An event on its way to one subscription. */
  delivery: { concurrency: 64, maxAttempts: 6, firstPause: 1000, longestPause: 600_000 },
  /** An image that was written. Each installer may take a processor and much of the disk's time. */
  image: { concurrency: 3, maxAttempts: 0, firstPause: 1000, longestPause: 600_000, mostOfOne: 2 },
  /** A function that was written: each loads a worker. */
  deployment: { concurrency: 5, maxAttempts: 0, firstPause: 1000, longestPause: 600_000, mostOfOne: 4 },
  /** The events of a time on their way to a subscription again; see core/events/replay.ts. */
  replay: { concurrency: 2, maxAttempts: 0, firstPause: 1000, longestPause: 60_000 },
  /** An alert looks whether anything is worth a message; see core/alerts. */
  alert: { concurrency: 4, maxAttempts: 0, firstPause: 10_000, longestPause: 600_000 },
  /** The runs of a function that was deleted; see core/retention. */
  "forget-runs": { concurrency: 1, maxAttempts: 0, firstPause: 1000, longestPause: 600_000 },
  /** What lies on disk and nobody uses. */
  collection: { concurrency: 1, maxAttempts: 0, firstPause: 60_000, longestPause: 3_600_000 },
  /** What is beyond the bounds of the store. */
  retention: { concurrency: 1, maxAttempts: 0, firstPause: 60_000, longestPause: 3_600_000 },
} as const satisfies Readonly<Record<string, WorkKind>>;

export type WorkKindName = keyof typeof kinds;

/** The pause after a failed attempt: doubled each time, and spread by half so that those who failed together part. */
export function pauseAfter(
  attempt: number,
  { firstPause, longestPause }: Pick<WorkKind, "firstPause" | "longestPause">,
  random = Math.random(),
): number {
  const full = Math.min(longestPause, firstPause * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}
