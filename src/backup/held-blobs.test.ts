import { expect, test } from "vitest";
import type { Blobs } from "../core/shared/ports.ts";
import { holdable } from "./held-blobs.ts";

/** Blobs in memory, named by their text. */
function memory(): Blobs {
  const known = new Map<string, Buffer>();
  return {
    put: async (bytes) => {
      known.set(String(bytes), Buffer.from(bytes));
      return String(bytes);
    },
    get: async (digest) => known.get(digest) ?? Buffer.alloc(0),
    keep: async (digest) => known.has(digest),
    collect: async (isUsed) => {
      for (const digest of known.keys()) if (!isUsed(digest)) known.delete(digest);
    },
  };
}

const nobody = (): boolean => false;

test("while one reader holds them, unused blobs stay; after the last reader they go", async () => {
  const held = holdable(memory());
  for (const name of ["a", "b"]) await held.put(Buffer.from(name));
  const [first, second] = [held.hold(), held.hold()];
  first();
  first();
  await held.collect(nobody);
  expect(await Promise.all([held.keep("a"), held.keep("b")])).toEqual([true, true]);
  second();
  await held.collect((digest) => digest === "b");
  expect(await Promise.all([held.keep("a"), held.keep("b")])).toEqual([false, true]);
});

test("a reader that comes while they are collected stops that", async () => {
  const held = holdable(memory());
  for (const name of ["a", "b"]) await held.put(Buffer.from(name));
  await held.collect(() => {
    held.hold();
    return false;
  });
  expect([await held.keep("a"), await held.keep("b")]).toEqual([false, true]);
});
