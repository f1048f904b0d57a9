import { expect, test } from "vitest";
import { pieces } from "./pieces.ts";

test.each([0, 1, 65_535, 65_536, 65_537, 200_000])("%i characters come whole, in small parts", (length) => {
  const text = "x".repeat(length);
  const parts = [...pieces(text)];
  expect(parts.join("")).toBe(text);
  expect(Math.max(0, ...parts.map((part) => part.length))).toBeLessThanOrEqual(65_536);
});

test.each([0, 1])("no character is cut in two", (shift) => {
  const text = "x".repeat(shift) + "\u{1F600}".repeat(100_000);
  const bytes = Buffer.concat([...pieces(text)].map((part) => Buffer.from(part)));
  expect(bytes.equals(Buffer.from(text))).toBe(true);
});
