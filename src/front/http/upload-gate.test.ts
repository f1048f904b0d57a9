import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DispatchError } from "../../core/shared/errors.ts";
import { type Leave, UploadGate } from "./upload-gate.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Sends this many uploads at once; `inside` are those that may be read, `refused` the statuses of the others. */
async function enter(gate: UploadGate, count: number) {
  const inside: Leave[] = [];
  const refused: number[] = [];
  for (let at = 0; at < count; at++) {
    gate.enter().then(
      (leave) => inside.push(leave),
      (error: unknown) => refused.push(error instanceof DispatchError ? error.status : 0),
    );
  }
  await vi.advanceTimersByTimeAsync(0);
  return { inside, refused };
}

test("large uploads are read two at a time, the next when one is done", async () => {
  const { inside, refused } = await enter(new UploadGate(), 4);
  expect(inside).toHaveLength(2);
  for (const entered of [3, 4]) {
    const leave = inside[entered - 3];
    leave?.();
    leave?.(); // once more makes no further room
    await vi.advanceTimersByTimeAsync(0);
    expect(inside).toHaveLength(entered);
  }
  expect(refused).toEqual([]);
});

test("a line of 32 is the longest, and nobody waits for longer than 20 seconds", async () => {
  const gate = new UploadGate();
  const { inside, refused } = await enter(gate, 40);
  expect([inside.length, refused]).toEqual([2, Array(6).fill(429)]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([inside.length, refused]).toEqual([2, Array(38).fill(429)]);
  for (const leave of inside.splice(0)) leave();
  expect((await enter(gate, 2)).inside).toHaveLength(2);
});
