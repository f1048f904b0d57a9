/** What every blobs driver must do. */
import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Blobs } from "../../src/core/shared/ports.ts";

const nobody = (): boolean => false;

/** `open` gives the same store at every call, as a server that starts again would find it. `keep` as for folder blobs. */
export function blobsContract(name: string, open: (keep?: number) => Promise<Blobs>): void {
  describe(`${name} blobs`, () => {
    test("are addressed by the SHA-256 of their content", async () => {
      const bytes = randomBytes(1000);
      expect(await (await open()).put(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    });

    test.each([0, 1, 3 << 20])("of %d bytes come back unchanged, also after a restart", async (size) => {
      const bytes = randomBytes(size);
      const digest = await (await open()).put(bytes);
      expect((await (await open()).get(digest)).equals(bytes)).toBe(true);
    });

    test("may be put twice, also at the same time", async () => {
      const blobs = await open();
      const bytes = randomBytes(100_000);
      const digests = await Promise.all(Array.from({ length: 8 }, () => blobs.put(bytes)));
      expect(new Set(digests).size).toBe(1);
      expect((await blobs.get(digests[0] ?? "")).equals(bytes)).toBe(true);
    });

    test("that nobody uses are collected by the next server, those in use are not", async () => {
      const [used = "", unused = ""] = await Promise.all(
        [1, 2].map(async (size) => (await open()).put(randomBytes(size * 20))),
      );
      const blobs = await open();
      await blobs.collect((digest) => digest === used);
      expect([await blobs.keep(used), await blobs.keep(unused)]).toEqual([true, false]);
      await expect(blobs.get(unused)).rejects.toThrow(unused);
    });

    test("that were just put or asked for are not collected, until their time has passed", async () => {
      const digest = await (await open()).put(randomBytes(10));
      const blobs = await open(300);
      const other = await blobs.put(randomBytes(10));
      expect(await blobs.keep(digest)).toBe(true);
      await blobs.collect(nobody);
      expect((await blobs.get(digest)).length + (await blobs.get(other)).length).toBe(20);
      await new Promise((resolve) => setTimeout(resolve, 350));
      await blobs.collect(nobody);
      expect([await blobs.keep(digest), await blobs.keep(other)]).toEqual([false, false]);
    });

    test("of two equal uploads at once neither is lost when the user of the first goes before the second is on record", async () => {
      for (let round = 0; round < 100; round++) {
        const bytes = randomBytes(100);
        const before = await (await open()).put(bytes);
        const blobs = await open();
        // On record before, and deleted now: nobody uses it. Then they come while that is collected.
        const collecting = blobs.collect(nobody);
        for (let turn = 0; turn < round % 7; turn++) await new Promise((resolve) => setImmediate(resolve));
        const digests = await Promise.all([blobs.put(bytes), blobs.put(bytes), collecting]);
        await blobs.collect(nobody);
        expect(digests.slice(0, 2)).toEqual([before, before]);
        expect((await blobs.get(before)).equals(bytes)).toBe(true);
      }
    });

    test.each(["", "../../etc/passwd", "A".repeat(64), "0".repeat(63)])("refuse %j as an address", async (address) => {
      const blobs = await open();
      await expect(blobs.get(address)).rejects.toThrow("is not the digest of a blob");
      await expect(blobs.keep(address)).rejects.toThrow("is not the digest of a blob");
    });
  });
}
