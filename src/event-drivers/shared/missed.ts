/** Times of a schedule that passed while nobody could send them: the machine was off, or the server down. */
import type { Schedule } from "./schedule.ts";

/** More than these are counted only up to here: a schedule of seconds that was off for a year is no list. */
const MOST = 1000;
/** Times of its first start are not missed. */
const START_MS = 60_000;

/** The times behind `after` and before `now`, oldest first, the first 1000 of them. */
export function missedTimes(schedule: Schedule, after: Date, now: Date): Date[] {
  const missed: Date[] = [];
  for (let next = schedule.next(after); next !== undefined && next < now; next = schedule.next(next)) {
    missed.push(next);
    if (missed.length === MOST) break;
  }
  return missed;
}

/** How far a driver has got: the time that it sent last, and the schedule that this was of. */
export function bookmarkOf(time: Date, expression: string): string {
  return `${time.toISOString()} ${expression}`;
}

/** Undefined before the first time, and when the schedule is another one now. */
export function timeOfBookmark(bookmark: string | undefined, expression: string): Date | undefined {
  const [time = "", ...rest] = bookmark?.split(" ") ?? [];
  const date = new Date(time);
  return rest.join(" ") === expression && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Where a clock begins that never went off: when it was made, or told its times, for the machine may have been off since. */
export function beginning(written: string | undefined, now: Date): Date {
  const time = Date.parse(written ?? "");
  return new Date(time < now.getTime() - START_MS ? time : now);
}
