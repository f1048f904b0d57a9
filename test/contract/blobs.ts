/** What every blobs driver must do. */
import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Blobs } from "../../src/core/shared/ports.ts";

/** `open` gives the same store at every call, as a server that starts again would find it. */
export function blobsContract(name: string, open: () => Promise<Blobs>): void {
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

    test("are listed until they are removed, also after a restart", async () => {
      const blobs = await open();
      const digests = await Promise.all([1, 2, 3].map((size) => blobs.put(randomBytes(size * 20))));
      expect(await (await open()).list()).toEqual(expect.arrayContaining(digests));
      await blobs.remove(digests[0] ?? "");
      expect(await blobs.list()).not.toContain(digests[0]);
    });

    test("are gone after removal, which may be repeated", async () => {
      const blobs = await open();
      const digest = await blobs.put(randomBytes(10));
      await blobs.remove(digest);
      await blobs.remove(digest);
      await expect(blobs.get(digest)).rejects.toThrow(digest);
    });

    test.each(["", "../../etc/passwd", "A".repeat(64), "0".repeat(63)])("refuse %j as an address", async (address) => {
      const blobs = await open();
      await expect(blobs.get(address)).rejects.toThrow("is not the digest of a blob");
      await expect(blobs.remove(address)).rejects.toThrow("is not the digest of a blob");
    });
  });
}
