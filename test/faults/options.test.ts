import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { faults, readOptions } from "./options.ts";

test("a seed, a number of kills and faults can be asked for", () => {
  const options = readOptions(["--seed", "7", "--points", "20", "--only", "disk", "--only", "clock"]);
  expect(options).toMatchObject({ seed: 7, points: 20, rounds: 10, only: ["disk", "clock"] });
  expect(readOptions([])).toMatchObject({ points: 500, only: [] });
});

test.each([
  [["--seed", "x"], "--seed x: expected a whole number from 0 to 2147483647"],
  [["--points", "0"], "--points 0: expected a whole number from 1 to 2147483647"],
  [["--only", "fire"], "--only fire: one of kills, disk, thread, clock, work, clouds"],
])("%j is refused with a sentence", (args, sentence) => {
  expect(() => readOptions(args)).toThrow(sentence);
});

test("every fault is brought by tests that exist", () => {
  for (const file of Object.values(faults).flat()) expect([file, existsSync(file)]).toEqual([file, true]);
});
