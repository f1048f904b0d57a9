import { expect, test } from "vitest";
import type { Serving } from "../functions/revisions.ts";
import type { ActiveRun } from "./active-run.ts";
import { ActiveRuns } from "./active-runs.ts";

const serving = {} as Serving;
const run = (id: string, of = serving): ActiveRun => ({ record: { id }, serving: of }) as ActiveRun;
const ids = (runs: ActiveRuns): string[] => [...runs].map(({ record }) => record.id);

function filled(): { runs: ActiveRuns; a: ActiveRun; b: ActiveRun; c: ActiveRun } {
  const runs = new ActiveRuns();
  const [a, b, c] = [run("a"), run("b"), run("c")];
  for (const one of [a, b, c]) runs.add(one);
  return { runs, a, b, c };
}

test("are in the order of their acceptance", () => {
  const { runs } = filled();
  expect([ids(runs), runs.size]).toEqual([["a", "b", "c"], 3]);
});

test.each([
  ["the oldest", "a", ["b", "c"]],
  ["one in the middle", "b", ["a", "c"]],
  ["the youngest", "c", ["a", "b"]],
] as const)("without %s the others stay in order, and another comes behind them", (_, gone, left) => {
  const all = filled();
  all.runs.remove(all[gone]);
  expect(ids(all.runs)).toEqual(left);
  all.runs.add(run("d"));
  expect([ids(all.runs), all.runs.size]).toEqual([[...left, "d"], 3]);
});

test("one that is taken out twice is taken out once", () => {
  const { runs, a, b, c } = filled();
  for (const one of [b, b, a, a, c, c]) runs.remove(one);
  expect([ids(runs), runs.size]).toEqual([[], 0]);
});

test("may leave while they are gone through", () => {
  const { runs } = filled();
  for (const one of runs) runs.remove(one);
  expect(runs.size).toBe(0);
});

test("are found by id", () => {
  const { runs, b } = filled();
  expect([runs.find("b"), runs.find("x")]).toEqual([b, undefined]);
});

test("say of one that ends whether others of its function go on, whatever other functions do", () => {
  const runs = new ActiveRuns();
  const other = run("other", {} as Serving);
  const [a, b, c] = [run("a"), run("b"), run("c")];
  for (const one of [a, other, b, c]) runs.add(one);
  expect([runs.ends(a), runs.ends(other)]).toEqual([true, false]);
  runs.remove(b);
  expect(runs.ends(c)).toBe(false);
});

test("count one that has ended, and is taken out later, once", () => {
  const runs = new ActiveRuns();
  const [a, b, c] = [run("a"), run("b"), run("c")];
  for (const one of [a, b, c]) runs.add(one);
  runs.ends(a);
  runs.remove(a);
  expect([runs.ends(b), runs.ends(c)]).toEqual([true, false]);
});
