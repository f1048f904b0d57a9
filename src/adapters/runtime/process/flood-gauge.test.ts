import { expect, test } from "vitest";
import { FloodGauge, ReadingPace } from "./flood-gauge.ts";

test("a gauge takes a burst, and after that as much as empties a second", () => {
  let now = 0;
  const gauge = new FloodGauge({ rate: 10, burst: 100 }, () => now);
  expect(gauge.overflows(100)).toBe(false);
  now = 1000;
  expect(gauge.overflows(10)).toBe(false);
  expect(gauge.overflows(1)).toBe(true);
  now = 60_000;
  expect(gauge.overflows(100)).toBe(false);
});

test("a gauge is high while more is said than it may for long, and not after a burst has passed", () => {
  let now = 0;
  const gauge = new FloodGauge({ rate: 16, burst: 64 }, () => now);
  const isHigh = (): boolean => gauge.isHigh;
  expect(isHigh()).toBe(false);
  gauge.overflows(20);
  expect(isHigh()).toBe(true);
  now = 1000;
  expect(isHigh()).toBe(false);
  gauge.overflows(24);
  expect(isHigh()).toBe(true);
});

test("output is read for a part of each turn, and the rest of the turn belongs to others", () => {
  let now = 0;
  const pace = new ReadingPace(() => now);
  expect(pace.pauseAfter(192 * 1024)).toBe(0);
  now = 4;
  expect(pace.pauseAfter(64 * 1024)).toBe(6);
  now = 10;
  expect(pace.pauseAfter(192 * 1024)).toBe(0);
});
