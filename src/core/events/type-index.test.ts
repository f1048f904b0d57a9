import { expect, test } from "vitest";
import { matches } from "./matching.ts";
import { TypeIndex } from "./type-index.ts";

/** Numbers from 0 to `below`, always the same ones. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

test("finds what a look at each pattern finds, in the same order", () => {
  const next = numbers(7);
  const text = (words: readonly string[], open: boolean): string => {
    const parts = Array.from({ length: 1 + next(4) }, () => words[next(words.length)] ?? "");
    return (open && next(4) === 0 ? [...parts, ">"] : parts).join(".");
  };
  const patterns = Array.from({ length: 400 }, () => text(["a", "b", "c", "*", ""], true));
  const index = new TypeIndex(patterns, (pattern) => pattern);
  let most = 0;
  for (let round = 0; round < 500; round++) {
    const type = text(["a", "b", "c", "*", "", ">"], false);
    const found = index.of(type);
    expect(found, type).toEqual(patterns.filter((pattern) => matches(pattern, type)));
    most = Math.max(most, found.length);
  }
  expect(most).toBeGreaterThan(10);
});

test("a pattern that is there twice is found twice", () => {
  const values = [1, 2, 3];
  expect(new TypeIndex(values, () => "vm.deployed").of("vm.deployed")).toEqual(values);
  expect(new TypeIndex(values, () => "vm.*").of("vm.deployed")).toEqual(values);
});
