import { expect, onTestFinished, test, vi } from "vitest";
import { Lines } from "./lines.ts";

/** A clock that stands until the test moves it. */
function lines() {
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return {
    line: new Lines(),
    later: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test("the first in line is looked for, and one behind another is not while nobody leaves", () => {
  const { line } = lines();
  expect(line.isEmpty("s")).toBe(true);
  expect(line.join("s", "one")()).toBe(true);
  expect(line.isEmpty("s")).toBe(false);
  expect(line.join("s", "two")()).toBe(false);
  expect(line.isLast("s", "one")).toBe(false);
  expect(line.isLast("s", "two")).toBe(true);
  expect(line.join("other", "one")()).toBe(true);
});

test("one before which somebody left while it was written is looked for: it may be at the front", () => {
  const { line } = lines();
  line.join("s", "one");
  const two = line.join("s", "two");
  line.leave("s", "one");
  expect(two()).toBe(true);
  const three = line.join("s", "three");
  line.leave("s", "two");
  line.leave("s", "three");
  expect(three()).toBe(true);
  expect(line.isEmpty("s")).toBe(true);
  expect(line.join("s", "four")()).toBe(true);
});

test("behind others the queue is looked at once a second all the same", () => {
  const { line, later } = lines();
  line.join("s", "one");
  later(999);
  expect(line.join("s", "two")()).toBe(false);
  later(1);
  expect(line.join("s", "three")()).toBe(true);
  expect(line.join("s", "four")()).toBe(false);
});
