import { describe, expect, test } from "vitest";
import { KeyedQueue } from "./keyed-queue.ts";

function recorder() {
  const events: string[] = [];
  const errors: unknown[] = [];
  const queue = new KeyedQueue((error) => errors.push(error));
  const work = (name: string) => async () => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`${name} ends`);
  };
  return { events, errors, queue, work };
}

describe("work that is queued", () => {
  test("for one key is done in order, one piece at a time", async () => {
    const { events, queue, work } = recorder();
    queue.push("k", work("first"));
    queue.push("k", work("second"));
    await queue.drained();
    expect(events).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  test("for different keys is done side by side", async () => {
    const { events, queue, work } = recorder();
    queue.push("a", work("a"));
    queue.push("b", work("b"));
    await queue.drained();
    expect(events.slice(0, 2)).toEqual(["a begins", "b begins"]);
  });

  test("and fails is reported, and what comes after it is done all the same", async () => {
    const { events, errors, queue, work } = recorder();
    const failure = new Error("broken");
    queue.push("k", () => Promise.reject(failure));
    queue.push("k", work("next"));
    await queue.drained();
    expect([errors, events]).toEqual([[failure], ["next begins", "next ends"]]);
  });

  test("while it is being waited for is waited for, too", async () => {
    const { events, queue, work } = recorder();
    queue.push("k", async () => queue.push("k", work("late")));
    await queue.drained();
    expect(events).toEqual(["late begins", "late ends"]);
  });
});
