/**
 * `cron`: sends `cron.trigger` at the times of an expression. Times that passed while nothing could be sent are told by one
 * `cron.missed`, or are sent late with `catchup=all`.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "./shared/flags.ts";
import type { Gateway } from "./shared/gateway.ts";
import { runDriver } from "./shared/main.ts";
import { beginning, bookmarkOf, missedTimes, timeOfBookmark } from "./shared/missed.ts";
import { readSchedule } from "./shared/schedule.ts";

const LONGEST_NAP_MS = 60_000;
/** A time that is sent so late was not missed. */
const LATE_MS = 1000;
const defaults = { cron: "", timezone: "", source: randomUUID(), catchup: "skip", debug: "", dryrun: "" };

await runDriver(defaults, async (flags, gateway) => {
  const schedule = readSchedule(flags.cron, flags.timezone);
  if (flags.catchup !== "skip" && flags.catchup !== "all")
    throw new UsageError(`catchup is ${flags.catchup}: use skip (tell once what was missed) or all (send it late)`);
  const expression = `${flags.cron.trim()} ${flags.timezone}`.trim();
  const send = (time: Date): Promise<void> => {
    const event = { eventType: "cron.trigger", source: flags.source, eventTime: time.toISOString() };
    return gateway.push(event, bookmarkOf(time, expression));
  };
  await gateway.hello();
  for (
    let last =
      timeOfBookmark(process.env.DISPATCH_BOOKMARK, expression) ?? beginning(process.env.DISPATCH_SINCE, new Date());
    ;
  ) {
    const missed = missedTimes(schedule, last, new Date(Date.now() - LATE_MS));
    if (flags.catchup === "all") for (const time of missed) await send(time);
    else await tellMissed(gateway, flags.source, missed, expression);
    // A thousand at a time: more may be left to send; what is only told ends here.
    last =
      flags.catchup === "all" ? (missed.at(-1) ?? last) : missed.length > 0 ? new Date(Date.now() - LATE_MS) : last;
    if (flags.catchup === "all" && missed.length > 0) continue;
    const next = schedule.next(last);
    if (next === undefined) return;
    // In short naps: the clock of the machine may be set meanwhile.
    while (next.getTime() > Date.now()) await delay(Math.min(LONGEST_NAP_MS, next.getTime() - Date.now()));
    if (next.getTime() <= Date.now() - LATE_MS) continue;
    await send(next);
    last = next;
  }
});

async function tellMissed(
  gateway: Gateway,
  source: string,
  missed: readonly Date[],
  expression: string,
): Promise<void> {
  const [first, last] = [missed[0], missed.at(-1)];
  if (first === undefined || last === undefined) return;
  const data = { count: missed.length, first: first.toISOString(), last: last.toISOString() };
  console.error(`${missed.length} times were missed, from ${data.first} to ${data.last}`);
  await gateway.push({ eventType: "cron.missed", source, data }, bookmarkOf(last, expression));
}
