/** The times between which alerts look. */
import type { Database } from "../shared/ports.ts";
import { now } from "../work/job.ts";

export const DAY_MS = 24 * 3_600_000;
/** What happened is recorded a little later than its time says, so the last moments are left to the next look. */
export const SETTLED_MS = 2000;

/** So many milliseconds ago by the database's clock: Unix milliseconds. */
export async function databaseTime({ query }: Database, before: number): Promise<number> {
  const { time } = await query.selectNoFrom(now.as("time")).executeTakeFirstOrThrow();
  return Number(time) - before;
}

/**
 * From where a look goes on that ends at `until`: its mark, except one that lies ahead of the clock. That clock was set back
 * since, and the look would see nothing until it has caught up.
 */
export function lookedUntil(mark: number, until: number): number {
  return mark > until + SETTLED_MS ? until : mark;
}
