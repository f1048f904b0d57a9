/**
 * `cron`: sends `cron.trigger` at the times of an expression. Times that passed while nothing could be sent are told by one
 * `cron.missed`, or are sent late with `catchup=all`.
 */
import { randomUUID } from "node:crypto";
import { UsageError } from "../shared/flags.ts";
import { beginning, bookmarkOf, missedTimes, timeOfBookmark } from "../shared/missed.ts";
import { readSchedule } from "../shared/schedule.ts";
import { untilTime } from "../shared/wall-clock.ts";
import type { Clock, ClockPlace } from "./clock.ts";

/** A time before the start that is sent so late was not missed. */
const LATE_AT_START_MS = 1000;
/** And so late one while it runs: others may go off at the same second by the thousand, and wait for each other. */
const LATE_MS = 30_000;

export const cron: Clock = {
  settings: () => ({ cron: "", timezone: "", source: randomUUID(), catchup: "skip", debug: "", dryrun: "" }),
  async run({ cron: words = "", timezone = "", source = "", catchup }, place) {
    const { gateway, signal } = place;
    const schedule = readSchedule(words, timezone);
    if (catchup !== "skip" && catchup !== "all")
      throw new UsageError(`catchup is ${catchup}: use skip (tell once what was missed) or all (send it late)`);
    const expression = `${words.trim()} ${timezone}`.trim();
    const send = (time: Date): Promise<void> => {
      const event = { eventType: "cron.trigger", source, eventTime: time.toISOString() };
      return gateway.push(event, bookmarkOf(time, expression));
    };
    await gateway.hello();
    let last = timeOfBookmark(place.bookmark, expression) ?? beginning(place.since, new Date());
    for (let late = LATE_AT_START_MS; ; late = LATE_MS) {
      const missed = missedTimes(schedule, last, new Date(Date.now() - late));
      if (catchup === "all") for (const time of missed) await send(time);
      else await tellMissed(place, source, missed, expression);
      // A thousand at a time: more may be left to send; what is only told ends here.
      last = catchup === "all" ? (missed.at(-1) ?? last) : missed.length > 0 ? new Date(Date.now() - late) : last;
      if (catchup === "all" && missed.length > 0) continue;
      const next = schedule.next(last);
      if (next === undefined) return;
      await untilTime(next, signal);
      if (next.getTime() <= Date.now() - LATE_MS) continue; // the machine slept, or its clock was set
      await send(next);
      last = next;
    }
  },
};

async function tellMissed(
  { gateway, say }: ClockPlace,
  source: string,
  missed: readonly Date[],
  expression: string,
): Promise<void> {
  const [first, last] = [missed[0], missed.at(-1)];
  if (first === undefined || last === undefined) return;
  const data = { count: missed.length, first: first.toISOString(), last: last.toISOString() };
  say(`${missed.length} times were missed, from ${data.first} to ${data.last}`);
  await gateway.push({ eventType: "cron.missed", source, data }, bookmarkOf(last, expression));
}
