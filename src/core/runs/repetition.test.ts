import { expect, test } from "vitest";
import { isRepeated, isRepeatedAfterRestart, pauseBeforeNext } from "./repetition.ts";

const entered = (attempt: number) => ({ attempt, entered: true });

test.each([
  ["SystemError", { retries: 2 }, [true, true, false]],
  ["SystemError", { retries: 0 }, [false, false, false]],
  ["FunctionError", { retries: 2 }, [false, false, false]],
  ["FunctionError", { retries: 2, retryFunctionErrors: true }, [true, true, false]],
  ["InputError", { retries: 2, retryFunctionErrors: true }, [false, false, false]],
] as const)("a %s under %o is repeated after the attempts %o", (type, rules, repeated) => {
  expect([1, 2, 3].map((attempt) => isRepeated(entered(attempt), { type }, rules))).toEqual(repeated);
});

test("a handler that was not entered is tried three times, whatever the function says", () => {
  const attempts = [1, 2, 3].map((attempt) =>
    isRepeated({ attempt, entered: false }, { type: "SystemError" }, { retries: 0 }),
  );
  expect(attempts).toEqual([true, true, false]);
});

test("a restart in the middle counts as an attempt", () => {
  expect([1, 2, 3].map((attempt) => isRepeatedAfterRestart({ attempt }, { retries: 2 }))).toEqual([true, true, false]);
});

test("the pauses grow, and differ", () => {
  const pauses = Array.from({ length: 50 }, () => pauseBeforeNext({ attempt: 3 }));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(4000);
  expect(new Set(pauses).size).toBeGreaterThan(10);
});
