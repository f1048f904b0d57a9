import { expect, test } from "vitest";
import { maskOf } from "./mask.ts";

test("every value is hidden wherever it stands, also where it means something in patterns", () => {
  const mask = maskOf({ a: "s3cret", b: "p.*s$" });
  expect(mask("a s3cret and s3crets, p.*s$ but not pass")).toBe("a *** and ***s, *** but not pass");
});

test("the longer of two values is hidden whole", () => {
  expect(maskOf({ short: "abc", long: "abcdef" })("abcdef abc")).toBe("*** ***");
});

test("each line of a value with several is hidden, as logs have them one by one", () => {
  const mask = maskOf({ key: "-----BEGIN-----\r\nline two\n" });
  expect([mask("-----BEGIN-----"), mask("x line two y")]).toEqual(["***", "x *** y"]);
});

test("values under three letters stay: hiding them would blot out everything", () => {
  expect(maskOf({ a: "a", b: "", c: "ab" })("a ab b")).toBe("a ab b");
});
