import { describe, expect, test } from "vitest";
import { Pace } from "./pace.ts";

function paceOf(...durations: number[]): Pace {
  const pace = new Pace();
  for (const duration of durations) pace.ended(duration);
  return pace;
}

describe("how many runs a worker may hold", () => {
  test.each([
    ["one while nothing is known", [], 1],
    ["many of tiny runs", [0.05], 32],
    ["a few of short runs", [2], 4],
    ["one of long runs", [50], 1],
  ])("%s", (_name, durations, expected) => {
    expect(paceOf(...durations).prefetch).toBe(expected);
  });
});

test("a run that a busy server saw late does not make a tiny function long", () => {
  const pace = paceOf(0.05, 0.05, 8, 0.05, 0.05, 0.05);
  expect(pace.tiny).toBe(true);
});

test("a function that has become slower is soon seen as such", () => {
  const pace = paceOf(0.05, ...Array.from({ length: 20 }, () => 40));
  expect(pace.short).toBe(false);
});

test("a run that goes on for long counts before its end", () => {
  const pace = paceOf(0.05);
  pace.lasts(25);
  expect(pace.prefetch).toBe(1);
  expect(pace.typical).toBe(25);
});
