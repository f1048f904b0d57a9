import { expect, test } from "vitest";
import { acceptedWithin, newRunId } from "./run-id.ts";

const executed = 1_767_322_801_234_567_890n;

test("an id is a UUID of version 7 that begins with the millisecond of acceptance", () => {
  expect(newRunId(executed)).toMatch(/^019b7ca5-d452-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test("ids of the same nanosecond differ", () => {
  expect(new Set(Array.from({ length: 1000 }, () => newRunId(executed))).size).toBe(1000);
});

test("an id says between which nanoseconds its run was accepted", () => {
  expect(acceptedWithin(newRunId(executed))).toEqual({
    from: 1_767_322_801_234_000_000n,
    before: 1_767_322_801_235_000_000n,
  });
});

test.each([
  "",
  "hello",
  "0190a0f4-7a9c-4b4e-8b1e-0f4c2a6d8e01",
  "0190a0f4x7a9c-7b4e",
  "zz90a0f4-7a9c-7b4e-8b1e-0f4c2a6d8e01",
])("no run has the id %j", (id) => expect(acceptedWithin(id)).toBeUndefined());
