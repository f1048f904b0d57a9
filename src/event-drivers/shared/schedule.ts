/** Cron expressions as the published driver reads them: their fields begin with seconds (cli-and-runtimes.md 3.2). */
import { Cron } from "croner";
import { UsageError } from "./flags.ts";

export interface Schedule {
  /** Milliseconds from each time to the next, where they are no times of a calendar. */
  readonly every?: number;
  /** The first time after `after`; undefined when there is none any more. */
  next(after: Date): Date | undefined;
}

/** Longer ones are no expression that somebody wrote, and long to read. */
const MOST_LETTERS = 1000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * `second minute hour day month [weekday]`, `@hourly` and its like, or `@every 1h30m`.
 * @param timezone of the IANA list; "" for that of the machine.
 * @throws UsageError when it is none, or never comes
 */
export function readSchedule(expression: string, timezone: string): Schedule {
  const text = expression.trim();
  if (text === "") throw new UsageError("cron is missing: set it to an expression such as `0 */5 * * * *`");
  if (text.length > MOST_LETTERS) throw new UsageError(`cron has ${text.length} letters: ${MOST_LETTERS} are the most`);
  const schedule = text.startsWith("@every") ? every(text) : byCalendar(text, timezone);
  if (schedule.next(new Date()) === undefined) throw new UsageError(`the cron expression \`${text}\` never comes`);
  return schedule;
}

function every(text: string): Schedule {
  const words = text.slice("@every".length).trim();
  const parts = [...words.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const milliseconds = parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
  if (parts.map(([part]) => part).join("") !== words || milliseconds < 1000) {
    throw new UsageError(`\`${text}\` is no interval of a second or more: write it as @every 1h30m10s`);
  }
  return interval(milliseconds);
}

/** Every so many milliseconds, beginning so long after the first question. */
export function interval(milliseconds: number): Schedule {
  return { every: milliseconds, next: (after) => new Date(after.getTime() + milliseconds) };
}

/** So many of the times behind `now`; `last` is when an interval went off last. */
export function upcomingTimes(schedule: Schedule, count: number, now: Date, last = now): Date[] {
  const since = schedule.every === undefined ? 0 : (now.getTime() - last.getTime()) % schedule.every;
  const times: Date[] = [];
  for (let next = schedule.next(new Date(now.getTime() - since)); next !== undefined && times.length < count; ) {
    times.push(next);
    next = schedule.next(next);
  }
  return times;
}

const ORDER = "second minute hour day month [weekday]";

function byCalendar(text: string, timezone: string): Schedule {
  const fields = text.split(/\s+/);
  if (!text.startsWith("@") && fields.length !== 5 && fields.length !== 6) {
    throw new UsageError(`\`${text}\` has ${fields.length} fields: a cron expression has 5 or 6, ${ORDER}`);
  }
  if (timezone !== "" && !isTimezone(timezone)) {
    throw new UsageError(`timezone is ${timezone}, which is no time zone: use a name such as Europe/Berlin`);
  }
  const pattern = fields.length === 5 ? `${text} *` : text;
  try {
    calendarOf(pattern, timezone);
    return { next: (after) => calendarOf(pattern, timezone).nextRun(after) ?? undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    const crontab = fields.length === 5 ? `; for the five fields of a crontab write \`0 ${text}\`` : "";
    throw new UsageError(`the cron expression \`${text}\` cannot be read: ${why}; its fields are ${ORDER}${crontab}`);
  }
}

/** Those that were asked last, the newest at the end. Each holds 80 KB: a schedule that waits has none. */
const calendars = new Map<string, Cron>();
const MOST_CALENDARS = 100;

function calendarOf(pattern: string, timezone: string): Cron {
  const key = `${pattern}\n${timezone}`;
  const cron =
    calendars.get(key) ?? new Cron(pattern, { paused: true, sloppyRanges: true, ...(timezone && { timezone }) });
  calendars.delete(key);
  calendars.set(key, cron);
  const [oldest = key] = calendars.keys();
  if (calendars.size > MOST_CALENDARS) calendars.delete(oldest);
  return cron;
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
