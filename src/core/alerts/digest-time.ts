/** When a day's message is due. */
import { DAY_MS } from "./times.ts";

/** The last moment at or before `now` at which it was that time in UTC; both in milliseconds. `time` is `HH:MM`. */
export function lastMoment(time: string, now: number): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const today = Math.floor(now / DAY_MS) * DAY_MS + (hours * 60 + minutes) * 60_000;
  return today <= now ? today : today - DAY_MS;
}
