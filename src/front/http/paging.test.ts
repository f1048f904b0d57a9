import { expect, test } from "vitest";
import { paged } from "./paging.ts";

const items = Array.from({ length: 10 }, (_, at) => ({ name: `r${at}`, createdTime: 100 - at }));

async function page(of: readonly { name: string; createdTime: number }[], cursor?: string) {
  const { body, headers } = await paged(of, { limit: 4, ...(cursor === undefined ? {} : { cursor }) }, 1000);
  const names = (JSON.parse(String(body)) as { name: string }[]).map(({ name }) => name);
  return { names, next: headers?.["x-dispatch-next-cursor"] };
}

test("a list goes on after the last of the page before, to its end", async () => {
  const first = await page(items);
  expect(first).toEqual({ names: ["r0", "r1", "r2", "r3"], next: "97.r3" });
  const second = await page(items, first.next);
  expect(second.names).toEqual(["r4", "r5", "r6", "r7"]);
  expect(await page(items, second.next)).toEqual({ names: ["r8", "r9"], next: undefined });
});

test("also when that one is gone by now, and at its end when all behind it are", async () => {
  const left = items.filter(({ name }) => name !== "r3");
  expect((await page(left, "97.r3")).names).toEqual(["r4", "r5", "r6", "r7"]);
  expect(await page(items.slice(0, 3), "97.r3")).toEqual({ names: [], next: undefined });
});

test("a cursor of an older server is a name alone", async () => {
  expect((await page(items, "r3")).names).toEqual(["r4", "r5", "r6", "r7"]);
});
