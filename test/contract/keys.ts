/** What every keys driver must do. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Keys } from "../../src/core/shared/ports.ts";

/** `open` finds the same master key at every call, `openOther` another one. */
export function keysContract(name: string, open: () => Promise<Keys>, openOther: () => Promise<Keys>): void {
  describe(`${name} keys`, () => {
    test("unwrap what they wrapped, also after a restart", async () => {
      const dataKey = randomBytes(32);
      const wrapped = await (await open()).wrap(dataKey);
      expect((await (await open()).unwrap(wrapped)).equals(dataKey)).toBe(true);
    });

    test("never show the data key, and never wrap it twice alike", async () => {
      const keys = await open();
      const dataKey = randomBytes(32);
      const [first, second] = [await keys.wrap(dataKey), await keys.wrap(dataKey)];
      expect(first.equals(second)).toBe(false);
      expect(first.includes(dataKey)).toBe(false);
    });

    test("refuse a wrapped key in which any one byte was altered", async () => {
      const keys = await open();
      const wrapped = await keys.wrap(randomBytes(32));
      for (const index of wrapped.keys()) {
        const altered = Buffer.from(wrapped);
        altered[index] = (altered[index] ?? 0) ^ 1;
        await expect(keys.unwrap(altered)).rejects.toThrow("The data key was altered");
      }
    });

    test.each([0, 1, 40])("refuse a wrapped key that was cut to %d bytes", async (length) => {
      const keys = await open();
      const wrapped = await keys.wrap(randomBytes(32));
      await expect(keys.unwrap(wrapped.subarray(0, length))).rejects.toThrow("The data key was altered");
    });

    test("derive one key for each purpose, the same after a restart and another under another master key", async () => {
      const one = await (await open()).derive("one");
      expect(one).toHaveLength(32);
      expect(await (await open()).derive("one")).toEqual(one);
      expect(await (await open()).derive("two")).not.toEqual(one);
      expect(await (await openOther()).derive("one")).not.toEqual(one);
    });

    test("refuse what another master key wrapped", async () => {
      const wrapped = await (await openOther()).wrap(randomBytes(32));
      await expect((await open()).unwrap(wrapped)).rejects.toThrow("belongs to another master key");
    });

    test.each([0, 16, 33])("refuse to wrap a data key of %d bytes", async (length) => {
      await expect((await open()).wrap(randomBytes(length))).rejects.toThrow("A data key has 32 bytes");
    });
  });
}
