/** What a clock says of the times that it missed: the data of the `cron` driver's `cron.missed`. */

const MOST_LETTERS = 1000;

export interface MissedTimes {
  readonly count: number;
  /** The first and the last of them: Unix milliseconds. */
  readonly first: number;
  readonly last: number;
}

/** Undefined when it is not what the `cron` driver says: any program may push events of any type. `data` is JSON text. */
export function missedTimes(data: string | null): MissedTimes | undefined {
  if (data === null || data.length > MOST_LETTERS) return undefined;
  const { count, first, last } = Object(JSON.parse(data)) as Readonly<Record<string, unknown>>;
  const times = { count: Number(count), first: Date.parse(String(first)), last: Date.parse(String(last)) };
  return typeof count === "number" && Object.values(times).every(Number.isSafeInteger) ? times : undefined;
}
