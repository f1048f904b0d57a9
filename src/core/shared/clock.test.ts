import { expect, test } from "vitest";
import { unixNanoseconds, unixSeconds } from "./clock.ts";

test("nanoseconds never go back and stay with the wall clock", () => {
  let before = unixNanoseconds();
  for (let turn = 0; turn < 1000; turn++) {
    const now = unixNanoseconds();
    expect(now >= before).toBe(true);
    before = now;
  }
  expect(Math.abs(Number(before / 1_000_000n) - Date.now())).toBeLessThan(1000);
});

test("seconds are whole and those of the wall clock", () => {
  const seconds = unixSeconds();
  expect(Number.isInteger(seconds)).toBe(true);
  expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(2);
});
