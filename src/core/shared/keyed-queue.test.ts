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

  test("is bounded over all keys, and a free place goes to the group that has none", async () => {
    const errors: unknown[] = [];
    const queue = new KeyedQueue((error) => errors.push(error), 2);
    const order: string[] = [];
    let [going, most] = [0, 0];
    const work = (name: string) => async () => {
      most = Math.max(most, ++going);
      order.push(name);
      await new Promise((resolve) => setTimeout(resolve, 2));
      going--;
    };
    for (let at = 0; at < 25; at++) queue.push(`many/${at}`, work(`many ${at}`));
    queue.push("one/only", work("one"));
    await queue.drained();
    expect([most, order.length, errors]).toEqual([2, 26, []]);
    expect(order.indexOf("one")).toBeLessThan(4);
  });

  test("while it is being waited for is waited for, too", async () => {
    const { events, queue, work } = recorder();
    queue.push("k", async () => queue.push("k", work("late")));
    await queue.drained();
    expect(events).toEqual(["late begins", "late ends"]);
  });
});
