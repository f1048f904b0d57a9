import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CommitQueue } from "./commit-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Writing {
  readonly queue: CommitQueue<string>;
  /** The units of each group that was handed to the database. */
  readonly groups: (readonly string[])[];
}

function newQueue(): Writing {
  const groups: (readonly string[])[] = [];
  const queue = new CommitQueue<string>((group) => groups.push(group));
  return { queue, groups };
}

/** A queue that has just written a group of many. */
async function busyQueue(): Promise<Writing> {
  const writing = newQueue();
  const units = ["1", "2", "3", "4"].map((key) => writing.queue.add((group) => group.push(key), true));
  vi.advanceTimersByTime(0);
  writing.queue.written([]);
  await Promise.all(units);
  writing.groups.length = 0;
  return writing;
}

test("a unit that comes alone is written in the same turn, whoever else is on the way", () => {
  const { queue, groups } = newQueue();
  void queue.add((group) => group.push("a"), true);
  expect(groups).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(groups).toEqual([["a"]]);
});

test("units of one turn share a group, those that come while it is written share the next", () => {
  const { queue, groups } = newQueue();
  for (const key of ["a", "b"]) void queue.add((group) => group.push(key), false);
  vi.advanceTimersByTime(0);
  for (const key of ["c", "d"]) void queue.add((group) => group.push(key), false);
  vi.advanceTimersByTime(10);
  expect(groups).toEqual([["a", "b"]]);
  queue.written([]);
  vi.advanceTimersByTime(0);
  expect(groups).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("where many come together, a group waits for those on the way, and the last of them closes it", async () => {
  const { queue, groups } = await busyQueue();
  void queue.add((group) => group.push("a"), true);
  vi.advanceTimersByTime(1);
  void queue.add((group) => group.push("b"), true);
  expect(groups).toEqual([]);
  void queue.add((group) => group.push("c"), false);
  vi.advanceTimersByTime(0);
  expect(groups).toEqual([["a", "b", "c"]]);
});

test("a unit that waits for nobody closes the group at once, also when one that waits came behind it", async () => {
  const { queue, groups } = await busyQueue();
  for (const key of ["a", "b", "c", "d"]) void queue.add((group) => group.push(key), true);
  vi.advanceTimersByTime(2);
  void queue.add((group) => group.push("alone"), false);
  void queue.add((group) => group.push("e"), true);
  queue.written([]);
  vi.advanceTimersByTime(0);
  expect(groups).toEqual([
    ["a", "b", "c", "d"],
    ["alone", "e"],
  ]);
});

test("nobody waits longer than 2 ms for one who does not come", async () => {
  const { queue, groups } = await busyQueue();
  void queue.add((group) => group.push("a"), true);
  vi.advanceTimersByTime(1);
  expect(groups).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(groups).toEqual([["a"]]);
  vi.advanceTimersByTime(10);
  expect(groups).toHaveLength(1);
});

test("of a group, the units that waited for nobody are told a turn before the others", async () => {
  const { queue } = await busyQueue();
  const told: string[] = [];
  const add = (key: string, more: boolean) => queue.add((group) => group.push(key), more).then(() => told.push(key));
  const [, , alone, failed, , other] = [
    add("a", true),
    add("b", true),
    add("alone", false),
    queue.add((group) => group.push("failed"), true),
    add("c", true),
    add("other", false),
  ];
  vi.advanceTimersByTime(0);
  queue.written([{ unit: 3, error: new Error("nothing changed") }]);
  await Promise.all([alone, other]);
  expect(told).toEqual(["alone", "other"]);
  vi.advanceTimersByTime(0);
  await expect(failed).rejects.toThrow("nothing changed");
  expect(told).toEqual(["alone", "other", "a", "b", "c"]);
});

test("a unit that failed is told so, the others of its group are durable", async () => {
  const { queue } = newQueue();
  const units = ["a", "b"].map((key) => queue.add((group) => group.push(key), false));
  vi.advanceTimersByTime(0);
  queue.written([{ unit: 1, error: new Error("nothing changed") }]);
  expect(await Promise.allSettled(units)).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: new Error("nothing changed") },
  ]);
});

test("when the database is gone everybody who waits hears of it", async () => {
  const { queue } = newQueue();
  const writing = queue.add((group) => group.push("a"), false);
  vi.advanceTimersByTime(0);
  const waiting = queue.add((group) => group.push("b"), false);
  queue.fail(new Error("gone"));
  expect(await Promise.allSettled([writing, waiting])).toMatchObject([
    { reason: new Error("gone") },
    { reason: new Error("gone") },
  ]);
});
