import { expect, test } from "vitest";
import { refuseBeyond, revisionWithin, timeoutWithin, withinCeilings } from "./ceilings.ts";

const ceilings = { memory: 512, cpu: 2, pids: 128, disk: 64, concurrency: 4, minWarm: 2, timeout: 60_000 };
const named = { name: "f", image: "i" };

test.each([
  [
    { limits: { memory: 513 } },
    "limits.memory in body should be less than or equal to 512 (setting max-function-memory)",
  ],
  [{ limits: { cpu: 2.5 } }, "limits.cpu in body should be less than or equal to 2 (setting max-function-cpu)"],
  [{ limits: { pids: 129 } }, "limits.pids in body should be less than or equal to 128 (setting max-function-pids)"],
  [{ limits: { disk: 65 } }, "limits.disk in body should be less than or equal to 64 (setting max-function-disk)"],
  [
    { limits: { concurrency: 5 } },
    "limits.concurrency in body should be less than or equal to 4 (setting max-function-concurrency)",
  ],
  [{ minWarm: 3 }, "minWarm in body should be less than or equal to 2 (setting max-function-min-warm)"],
  [{ timeout: 60_001 }, "timeout in body should be less than or equal to 60000 (setting max-function-timeout)"],
])("a function beyond the operator's ceiling is refused: %j", (fields, message) => {
  expect(() => refuseBeyond(ceilings, { ...named, ...fields })).toThrow(message);
});

test("a function within its ceilings is taken, and so is any time-out where none is set", () => {
  refuseBeyond(ceilings, { ...named, limits: { memory: 512, cpu: 2 }, timeout: 60_000 });
  refuseBeyond({ ...ceilings, timeout: 0 }, { ...named, timeout: 1e9 });
});

test("what a function does not name stays below the ceilings, too", () => {
  const limits = { memory: 1024, cpu: 1, pids: 64, disk: 64, concurrency: 16 };
  expect(withinCeilings(ceilings, limits)).toEqual({ memory: 512, cpu: 1, pids: 64, disk: 64, concurrency: 4 });
  expect([0, 1000, 90_000].map((timeout) => timeoutWithin(ceilings, timeout))).toEqual([60_000, 1000, 60_000]);
  expect(timeoutWithin({ ...ceilings, timeout: 0 }, 0)).toBe(0);
});

test("a revision that was made under higher ceilings runs within those of today, and keeps the rest", () => {
  const limits = { memory: 4096, cpu: 8, pids: 32, disk: 1024 };
  const before = { functionName: "f", limits, concurrency: 100, timeout: 0 };
  expect(revisionWithin(ceilings, before)).toEqual({
    functionName: "f",
    limits: { memory: 512, cpu: 2, pids: 32, disk: 64 },
    concurrency: 4,
    timeout: 60_000,
  });
});
