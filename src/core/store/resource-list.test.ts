import { expect, test } from "vitest";
import { RecordList } from "./resource-list.ts";
import type { ResourceRecord } from "./resource-store.ts";

/** Newest first; all of the same second. */
const records = Array.from({ length: 130 }, (_, at) => record(`r${at}`, 1_700_000_000_000_130 - at));

function record(name: string, born: number): ResourceRecord<number> {
  const times = { generation: 1, born, created: 1_700_000_000, modified: 1_700_000_000 };
  const people = { author: "administrator:administrator", owner: "administrator:administrator" };
  return { organization: "o", name, id: name, ...times, ...people, description: "", document: 1 };
}

/** What a page has, how it goes on, and how many were made for it. */
async function page(of: readonly ResourceRecord<number>[], most: number, cursor?: string) {
  let made = 0;
  const list = new RecordList(of, async (some) => {
    made += some.length;
    return some.map(({ name }) => name);
  });
  const items = [];
  for await (const part of list.parts(cursor, most)) items.push(...part);
  const last = items.at(-1);
  return { names: items.map(({ resource }) => resource), next: last?.isLast ? undefined : last?.cursor, made };
}

const namesOf = (of: readonly ResourceRecord<number>[]): string[] => of.map(({ name }) => name);

test("a page goes on after the last one of the page before, to the end, and nothing is made that is not in it", async () => {
  const first = await page(records, 60);
  expect(first).toMatchObject({ names: namesOf(records.slice(0, 60)), made: 60 });
  const second = await page(records, 60, first.next);
  expect(second).toMatchObject({ names: namesOf(records.slice(60, 120)), made: 60 });
  expect(await page(records, 60, second.next)).toEqual({
    names: namesOf(records.slice(120)),
    next: undefined,
    made: 10,
  });
});

test("also when that one is gone by now, or made anew, or all behind it are gone", async () => {
  const { next = "" } = await page(records, 4);
  const left = records.filter(({ name }) => name !== "r3");
  const anew = [record("r3", 1_700_000_000_999_999), ...left];
  for (const rest of [left, anew]) expect((await page(rest, 3, next)).names).toEqual(["r4", "r5", "r6"]);
  expect(await page(records.slice(0, 3), 4, next)).toEqual({ names: [], next: undefined, made: 0 });
});

test("of resources that were born at once none is left out", async () => {
  const twins = [record("a", 7), record("b", 7), record("c", 7)];
  const { next = "" } = await page(twins, 2);
  expect((await page(twins, 2, next)).names).toEqual(["c"]);
  expect((await page([record("a", 7), record("c", 7)], 2, next)).names).toEqual(["a", "c"]);
});

test("a cursor that no list answered is refused", async () => {
  await expect(page(records, 2, "r3")).rejects.toThrow('cursor in query must be one that a list answered: "r3"');
});
