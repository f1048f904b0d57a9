/** When a worker was asked for, started and loaded, in monotonic milliseconds. */
export interface Birth {
  /** A worker was asked for. */
  readonly asked: number;
  /** Its interpreter was ready; equal to `asked` when a waiting worker was taken. */
  readonly warmed: number;
  /** The function was loaded. */
  readonly loaded: number;
}

/** How much of the time from `from` to `to` lies between two other moments. */
export function overlap(from: number, to: number, begin: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, begin));
}
