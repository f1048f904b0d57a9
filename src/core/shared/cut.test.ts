import { expect, test } from "vitest";
import { cut, cutReason } from "./cut.ts";

test("what is short enough stays as it is", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cutReason("a.js:1\nno such name")).toBe("a.js:1\nno such name");
});

test("what is cut says how much is missing", () => {
  expect(cut("abcdef", 2)).toBe("ab... (4 characters more)");
});

test("a long line in a reason leaves the words behind it", () => {
  const said = cutReason(`a.js:1\n${"x".repeat(3_000_000)}\nno such name`);
  expect(said).toMatch(/^a\.js:1\nx+\.\.\. \(2997952 characters more\)\nno such name$/);
});

test("a reason of many lines stays bounded", () => {
  expect(cutReason("line\n".repeat(1_000_000)).length).toBeLessThan(17_000);
});
