import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Distrust } from "./distrust.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("the pause before the next worker grows with each end beyond three, to a bound, and others have none", () => {
  const distrust = new Distrust();
  const pauses = Array.from({ length: 11 }, () => {
    distrust.ended("forger");
    return distrust.pauseOf("forger");
  });
  expect(pauses).toEqual([0, 0, 0, 125, 250, 500, 1000, 2000, 4000, 8000, 8000]);
  expect([distrust.pauseOf("other"), distrust.yields("other"), distrust.yields("forger")]).toEqual([0, false, true]);
});

test("the pause passes, and a minute after the last end all is forgotten", () => {
  const distrust = new Distrust();
  for (let count = 0; count < 5; count++) distrust.ended("forger");
  vi.advanceTimersByTime(200);
  expect(distrust.pauseOf("forger")).toBe(50);
  vi.advanceTimersByTime(59_800);
  distrust.forget(performance.now());
  expect([distrust.pauseOf("forger"), distrust.yields("forger")]).toEqual([0, true]);
  vi.advanceTimersByTime(1);
  distrust.forget(performance.now());
  expect(distrust.yields("forger")).toBe(false);
});
