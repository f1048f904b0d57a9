/** When a worker became what it is, in monotonic milliseconds. */
export interface Birth {
  /** A worker was asked for. */
  readonly asked: number;
  /** It was there, with its interpreter warmed: at once when one waited. */
  readonly warmed: number;
  /** The function was loaded. */
  readonly loaded: number;
}

/** How much of the time from `from` to `to` lies between two other moments. */
export function overlap(from: number, to: number, begin: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, begin));
}
