import { expect, test } from "vitest";
import type { Blobs } from "../core/shared/ports.ts";
import { holdable } from "./held-blobs.ts";

/** Blobs in memory, named by their text. */
function memory(): { blobs: Blobs; names: () => string[] } {
  const known = new Map<string, Buffer>();
  const blobs: Blobs = {
    put: async (bytes) => {
      known.set(String(bytes), Buffer.from(bytes));
      return String(bytes);
    },
    get: async (digest) => known.get(digest) ?? Buffer.alloc(0),
    remove: async (digest) => void known.delete(digest),
  };
  return { blobs, names: () => [...known.keys()].sort() };
}

test("while one reader holds them, removed blobs stay; with the last reader they go", async () => {
  const { blobs, names } = memory();
  const held = holdable(blobs, () => {});
  for (const name of ["a", "b"]) await held.put(Buffer.from(name));
  const [first, second] = [held.hold(), held.hold()];
  await held.remove("a");
  first();
  first();
  expect(names()).toEqual(["a", "b"]);
  second();
  expect(names()).toEqual(["b"]);
});

test("a blob that was removed and stored again while it was held stays for good", async () => {
  const { blobs, names } = memory();
  const held = holdable(blobs, () => {});
  await held.put(Buffer.from("a"));
  const letGo = held.hold();
  await held.remove("a");
  await held.put(Buffer.from("a"));
  letGo();
  expect(names()).toEqual(["a"]);
});

test("without a reader blobs are removed at once", async () => {
  const { blobs, names } = memory();
  const held = holdable(blobs, () => {});
  await held.put(Buffer.from("a"));
  await held.remove("a");
  expect(names()).toEqual([]);
});
