/** Cron expressions of the published driver, whose fields begin with seconds. */
import { describe, expect, test } from "vitest";
import { readSchedule } from "./schedule.ts";

const start = new Date("2026-03-28T12:00:00Z");

function times(expression: string, count: number, timezone = "UTC"): string[] {
  const schedule = readSchedule(expression, timezone);
  const found: string[] = [];
  let last = start;
  for (let index = 0; index < count; index += 1) {
    last = schedule.next(last) ?? last;
    found.push(last.toISOString().replace(".000Z", ""));
  }
  return found;
}

describe("a schedule", () => {
  test.each([
    ["0/10 * * * *", ["2026-03-28T12:00:10", "2026-03-28T12:00:20"]],
    ["0 30 * * *", ["2026-03-28T12:30:00", "2026-03-28T13:30:00"]],
    ["0 0 9 * * 1", ["2026-03-30T09:00:00", "2026-04-06T09:00:00"]],
    ["15 0 0 29 2", ["2028-02-29T00:00:15", "2032-02-29T00:00:15"]],
    ["@hourly", ["2026-03-28T13:00:00", "2026-03-28T14:00:00"]],
    ["@every 1h30m", ["2026-03-28T13:30:00", "2026-03-28T15:00:00"]],
  ])("`%s` comes at its times", (expression, expected) => {
    expect(times(expression, expected.length)).toEqual(expected);
  });

  test("follows daylight saving of its time zone", () => {
    expect(times("0 0 8 * *", 2, "Europe/Berlin")).toEqual(["2026-03-29T06:00:00", "2026-03-30T06:00:00"]);
  });

  test.each([
    ["", /cron is missing/],
    ["* * *", /has 3 fields: a cron expression has 5 or 6, second minute hour day month \[weekday\]/],
    ["0 0 0 31 2 *", /never comes/],
    ["99 * * * *", /cannot be read: .*; its fields are second minute hour day month \[weekday\]; for the five fields/],
    ["0 8 * * MON", /for the five fields of a crontab write `0 0 8 \* \* MON`$/],
    ["0 0 8 * * MOON", /its fields are second minute hour day month \[weekday\]$/],
    ["@every soon", /no interval/],
    ["@every 10", /no interval/],
  ])("`%s` is refused with a reason", (expression, reason) => {
    expect(() => readSchedule(expression, "UTC")).toThrow(reason);
  });

  test("a time zone that does not exist is refused", () => {
    expect(() => readSchedule("0 0 8 * *", "Europe/Nowhere")).toThrow(/no time zone/);
  });
});
