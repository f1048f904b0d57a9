/** What the built-in clocks are told, read as their programs read it. */
import { expect, test } from "vitest";
import { clockOf } from "./clocks.ts";

const now = new Date("2026-10-24T12:00:00Z");

function texts(name: "cron" | "ticker", config: Record<string, string>, last?: string): string[] | undefined {
  const times = clockOf(name, config)?.upcoming(3, now, last === undefined ? undefined : new Date(last));
  return times?.map((time) => time.toISOString().replace(".000Z", ""));
}

test("the next times of a calendar follow the daylight saving of its time zone", () => {
  const config = { cron: "0 30 8 * * *", timezone: "Europe/Berlin" };
  expect(clockOf("cron", config)).toMatchObject({ expression: "0 30 8 * * *", timezone: "Europe/Berlin" });
  expect(texts("cron", config)).toEqual(["2026-10-25T07:30:00", "2026-10-26T07:30:00", "2026-10-27T07:30:00"]);
});

test("an interval goes on from where it went off last, however long ago that was", () => {
  const expected = ["2026-10-24T12:07:00", "2026-10-24T12:17:00", "2026-10-24T12:27:00"];
  expect(texts("cron", { cron: "@every 10m" }, "2026-10-24T11:57:00Z")).toEqual(expected);
  expect(texts("ticker", { seconds: "600" }, "2001-01-01T00:07:00Z")).toEqual(expected);
  expect(texts("ticker", {})).toEqual(["2026-10-24T12:01:00", "2026-10-24T12:02:00", "2026-10-24T12:03:00"]);
});

test.each([
  ["cron", { cron: "0 0 0 31 2 *" }, /never comes/],
  ["cron", { cron: "" }, /has 1 fields/],
  ["cron", {}, /cron is missing/],
  ["cron", { cron: `0 0 0 ${Array(100_000).fill("1-31").join(",")} * *` }, /has 500009 letters: 1000 are the most/],
  ["cron", { cron: "@hourly", timezone: "Nowhere" }, /no time zone/],
  ["ticker", { seconds: "0" }, /use a number from 0.1/],
] as const)("%s %j is no schedule, and it says why", (name, config, reason) => {
  expect(() => clockOf(name, config)?.upcoming(5, now)).toThrow(reason);
});

test("what is no clock has no schedule", () => {
  expect(clockOf("vcenter", { cron: "@hourly" })).toBeUndefined();
});
