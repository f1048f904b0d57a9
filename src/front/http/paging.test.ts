import { expect, test } from "vitest";
import type { Listed } from "../../core/store/resource-list.ts";
import { paged } from "./paging.ts";

const COUNT = 30;

/** Resources of so many bytes each. */
async function page(bytes: number, limit: number) {
  let made = 0;
  async function* parts(_: string | undefined, most: number): AsyncGenerator<readonly Listed<object>[]> {
    for (; made < Math.min(most, COUNT); made++)
      yield [
        { resource: { name: `r${made}`, text: "x".repeat(bytes) }, cursor: `c${made}`, isLast: made === COUNT - 1 },
      ];
  }
  const { body, headers } = await paged({ parts }, { limit }, 1000);
  const names = (JSON.parse(String(body)) as { name: string }[]).map(({ name }) => name);
  return { length: names.length, next: headers?.["x-dispatch-next-cursor"], made };
}

test("a page says where the list goes on, and not at its end", async () => {
  expect(await page(10, 4)).toEqual({ length: 4, next: "c3", made: 4 });
  expect(await page(10, 100)).toEqual({ length: COUNT, next: undefined, made: COUNT });
});

test("a page ends before 64 MB, and has one resource at least", async () => {
  expect(await page(30_000_000, 100)).toMatchObject({ length: 2, next: "c1" });
  expect(await page(70_000_000, 100)).toMatchObject({ length: 1, next: "c0" });
});
