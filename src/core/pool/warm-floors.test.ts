import { expect, test } from "vitest";
import type { Revision } from "./revision.ts";
import { WarmFloors } from "./warm-floors.ts";

const revision = (faasId: string, minWarm: number, concurrency = 16): Revision =>
  ({ faasId, minWarm, concurrency }) as Revision;

test("all together keep half of the workers at most, and who came first keeps what it has", () => {
  const floors = new WarmFloors(9);
  floors.keep(revision("first", 3));
  floors.keep(revision("second", 3));
  floors.keep(revision("third", 1));
  expect(["first", "second", "third", "nobody"].map((id) => floors.of(id))).toEqual([3, 1, 0, 0]);
  floors.forget("first");
  expect(["first", "second", "third"].map((id) => floors.of(id))).toEqual([0, 3, 1]);
});

test("no function keeps more than it may have at once", () => {
  const floors = new WarmFloors(100);
  floors.keep(revision("narrow", 5, 2));
  expect(floors.of("narrow")).toBe(2);
});
