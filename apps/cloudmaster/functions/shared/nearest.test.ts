import fc from "fast-check";
import { expect, test } from "vitest";
import { distance, nearest } from "./nearest.ts";

test.each([
  ["", "", 0],
  ["aws", "", 3],
  ["asw", "aws", 1],
  ["lst", "list", 1],
  ["azzure", "azure", 1],
  ["vsfere", "vsphere", 2],
])("from %j to %j are %i steps", (from, to, steps) => {
  expect(distance(from, to)).toBe(steps);
});

test("the way back is as long", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (left, right) => distance(left, right) === distance(right, left)));
});

test.each([
  ["craete", "create"],
  ["LIST", "list"],
  ["remove", undefined],
  ["x", undefined],
  ["c".repeat(10_000), undefined],
])("for %j the nearest word is %j", (word, expected) => {
  expect(nearest(word, ["create", "list", "delete", "echo", "help"])).toBe(expected);
});
