import { expect, test } from "vitest";
import { namesOf } from "../../../frame/command.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { getGroup } from "./get.ts";

const all = (await getGroup()).commands ?? [];

test("all kinds can be shown, and stand first", () => {
  const kinds = resourceKinds.map(({ word }) => word);
  expect(all.map(({ name }) => name).slice(0, kinds.length)).toEqual(kinds);
});

test.each(all.flatMap(namesOf))("the command that get %s loads is the one that answers among all", async (word) => {
  const loaded = (await getGroup(word)).commands ?? [];
  expect(loaded.find((one) => namesOf(one).includes(word))?.summary).toBe(
    all.find((one) => namesOf(one).includes(word))?.summary,
  );
});

test.each(["function", "functions", "api", "runs"])("get %s loads nothing else", async (word) => {
  expect((await getGroup(word)).commands).toHaveLength(1);
});

test.each(["", "states", "functionss", "--json", "constructor"])(
  "get %j can be anything: all is loaded",
  async (word) => {
    expect((await getGroup(word)).commands).toHaveLength(all.length);
  },
);
