import { expect, test } from "vitest";
import { startOf } from "./delay.ts";

const now = Date.parse("2026-11-28T12:00:00Z");

test.each([
  ["2026-11-28T22:00:00Z", "2026-11-28T22:00:00.000Z"],
  ["2026-11-28T22:00:00.5+02:00", "2026-11-28T20:00:00.500Z"],
  ["2026-11-28 22:00Z", "2026-11-28T22:00:00.000Z"],
])("%s is a time to begin", (text, time) => {
  expect(startOf(text, false, now)).toBe(Date.parse(time));
});

test("the past and nothing mean at once", () => {
  expect([undefined, "", "2026-11-28T11:59:59Z"].map((text) => startOf(text, false, now))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(["tomorrow", "2026-11-28T22:00:00", "22:00", "2026-13-01T00:00:00Z", "2028-01-01T00:00:00Z", "1764367200"])(
  "%s is refused with an example",
  (text) => {
    expect(() => startOf(text, false, now)).toThrow(/such as 2026-11-28T22:00:00Z/);
  },
);

test("nobody can wait for it", () => {
  expect(() => startOf("2026-11-28T22:00:00Z", true, now)).toThrow(/cannot be waited for/);
});
