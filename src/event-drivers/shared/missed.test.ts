import { expect, test } from "vitest";
import { beginning, bookmarkOf, missedTimes, timeOfBookmark } from "./missed.ts";
import { readSchedule } from "./schedule.ts";

const hourly = readSchedule("@hourly", "UTC");
const at = (time: string) => new Date(`2026-03-28T${time}Z`);
const texts = (after: string, now: string) =>
  missedTimes(hourly, at(after), at(now)).map((time) => time.toISOString().slice(11, 16));

test("the times in between were missed, in their order", () => {
  expect(texts("12:00:00", "15:30:00")).toEqual(["13:00", "14:00", "15:00"]);
  expect(texts("12:00:00", "12:59:59")).toEqual([]);
  expect(texts("12:00:00", "13:00:00")).toEqual([]);
});

test("a year of seconds is cut short", () => {
  const seconds = readSchedule("* * * * *", "UTC");
  expect(missedTimes(seconds, at("12:00:00"), new Date("2027-03-28T12:00:00Z"))).toHaveLength(1000);
});

test("a bookmark counts for its own schedule only", () => {
  const bookmark = bookmarkOf(at("12:00:00"), "0 0 * * * * UTC");
  expect(timeOfBookmark(bookmark, "0 0 * * * * UTC")).toEqual(at("12:00:00"));
  expect(timeOfBookmark(bookmark, "0 30 * * * * UTC")).toBeUndefined();
  expect(timeOfBookmark(undefined, "0 0 * * * * UTC")).toBeUndefined();
  expect(timeOfBookmark("never 0 0 * * * * UTC", "0 0 * * * * UTC")).toBeUndefined();
});

test("a clock that never went off begins when it was written, unless that was just now or is unknown", () => {
  const now = at("12:00:00");
  expect(beginning(at("02:30:00").toISOString(), now)).toEqual(at("02:30:00"));
  expect(beginning(at("11:59:30").toISOString(), now)).toEqual(now);
  expect(beginning(at("13:00:00").toISOString(), now)).toEqual(now);
  expect(beginning(undefined, now)).toEqual(now);
  expect(beginning("soon", now)).toEqual(now);
});
