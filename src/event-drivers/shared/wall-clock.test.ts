/** The machine's clock is the tests' own here: it is set while somebody waits for a time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { untilTime } from "./wall-clock.ts";

const BEGUN = Date.parse("2026-03-28T12:00:00Z");
const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers({ now: BEGUN }));
afterEach(() => void vi.useRealTimers());

/** Whether it is that time for whoever waits for it. */
function waiting(time: number, signal = never): { readonly ended: boolean } {
  const state = { ended: false };
  void untilTime(new Date(time), signal).then(() => {
    state.ended = true;
  });
  return state;
}

test("it is the time when the clock shows it, and not before", async () => {
  const soon = waiting(BEGUN + HOUR_MS);
  await vi.advanceTimersByTimeAsync(HOUR_MS - 1);
  expect(soon.ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(soon.ended).toBe(true);
});

test("a clock that is set forward ends the waiting within seconds, for all who wait", async () => {
  const times = [1, 2, 3].map((hours) => waiting(BEGUN + hours * HOUR_MS));
  await vi.advanceTimersByTimeAsync(1000);
  vi.setSystemTime(BEGUN + 2 * HOUR_MS);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times.map(({ ended }) => ended)).toEqual([true, true, false]);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(times.every(({ ended }) => ended)).toBe(true);
});

test("a clock that is set back makes the waiting longer", async () => {
  const late = waiting(BEGUN + HOUR_MS);
  await vi.advanceTimersByTimeAsync(1000);
  vi.setSystemTime(BEGUN - HOUR_MS);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(late.ended).toBe(false);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(late.ended).toBe(true);
});

test("times that no timer reaches are waited for all the same", async () => {
  const weeks = 25 * 24 * HOUR_MS;
  const late = waiting(BEGUN + weeks);
  await vi.advanceTimersByTimeAsync(weeks - 1000);
  expect(late.ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(late.ended).toBe(true);
});

test("who is called off waits no longer", async () => {
  const end = new AbortController();
  const waits = untilTime(new Date(BEGUN + HOUR_MS), end.signal);
  end.abort();
  await expect(waits).rejects.toThrow("aborted");
  await expect(untilTime(new Date(BEGUN + HOUR_MS), end.signal)).rejects.toThrow("aborted");
});
