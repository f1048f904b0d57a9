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
    remove: async (digest) => void known.delete(digest),
    list: async () => [...known.keys()].sort(),
  };
}

test("while one reader holds them, removed blobs stay; with the last reader they go", async () => {
  const held = holdable(memory(), () => {});
  for (const name of ["a", "b"]) await held.put(Buffer.from(name));
  const [first, second] = [held.hold(), held.hold()];
  await held.remove("a");
  first();
  first();
  expect(await held.list()).toEqual(["a", "b"]);
  second();
  expect(await held.list()).toEqual(["b"]);
});

test("a blob that was removed and stored again while it was held stays for good", async () => {
  const held = holdable(memory(), () => {});
  await held.put(Buffer.from("a"));
  const letGo = held.hold();
  await held.remove("a");
  await held.put(Buffer.from("a"));
  letGo();
  expect(await held.list()).toEqual(["a"]);
});

test("without a reader blobs are removed at once", async () => {
  const held = holdable(memory(), () => {});
  await held.put(Buffer.from("a"));
  await held.remove("a");
  expect(await held.list()).toEqual([]);
});
