import fc from "fast-check";
import { expect, test } from "vitest";
import { brokenByte } from "./utf8.ts";

/** Where the standard's own decoder notices it: up to three bytes behind the beginning of the letter. */
function expected(bytes: Uint8Array): number | undefined {
  const decode = (end: number) =>
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
  const takes = (end: number) => {
    try {
      decode(end);
      return true;
    } catch {
      return false;
    }
  };
  return Array.from({ length: bytes.length }, (_, at) => at).find((at) => !takes(at + 1));
}

test("the place is that of the letter that the standard's decoder refuses", () => {
  const texts = fc.string({ unit: "binary", maxLength: 30 }).map((text) => Buffer.from(text));
  fc.assert(
    fc.property(texts, fc.uint8Array({ minLength: 1, maxLength: 6 }), texts, (before, middle, after) => {
      const bytes = Buffer.concat([before, middle, after]);
      const [place, noticed] = [brokenByte(bytes), expected(bytes)];
      if (noticed === undefined) return;
      expect(place).toBeLessThanOrEqual(noticed);
      expect(noticed - (place ?? -1)).toBeLessThan(4);
    }),
    { numRuns: 30 },
  );
});

test("pieces end between letters", () => {
  for (const letter of ["a", "ë", "€", "😀"]) {
    const text = Buffer.from(`x${letter.repeat(10_000)}`);
    expect(brokenByte(text)).toBeUndefined();
    expect(brokenByte(Buffer.concat([text, Buffer.from([0xeb])]))).toBe(text.length);
  }
  for (const at of [4093, 4094, 4095, 4096, 4097]) {
    const bytes = Buffer.concat([Buffer.alloc(at, "a"), Buffer.from("😀"), Buffer.alloc(5, 0x80)]);
    expect(brokenByte(bytes)).toBe(at + 4);
  }
});

test("a megabyte of letters that look broken takes no time", () => {
  const bytes = Buffer.concat([Buffer.from("\uFFFD".repeat(350_000)), Buffer.from([0xeb])]);
  const start = process.cpuUsage();
  expect(brokenByte(bytes)).toBe(bytes.length - 1);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(500);
});
