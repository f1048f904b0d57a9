/** `cron`: sends `cron.trigger` at the times of an expression. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { runDriver } from "./shared/main.ts";
import { readSchedule } from "./shared/schedule.ts";

const LONGEST_NAP_MS = 60_000;
const defaults = { cron: "", timezone: "", source: randomUUID(), debug: "", dryrun: "" };

await runDriver(defaults, async (flags, gateway) => {
  const schedule = readSchedule(flags.cron, flags.timezone);
  await gateway.hello();
  let last = new Date();
  for (let next = schedule.next(last); next !== undefined; next = schedule.next(last)) {
    // In short naps: the clock of the machine may be set meanwhile.
    while (next.getTime() > Date.now()) await delay(Math.min(LONGEST_NAP_MS, next.getTime() - Date.now()));
    await gateway.push({ eventType: "cron.trigger", source: flags.source, eventTime: next.toISOString() });
    // Times that passed while nothing could be sent are not made up for.
    last = next.getTime() > Date.now() - 1000 ? next : new Date();
  }
});
