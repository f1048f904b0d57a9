import { expect, test } from "vitest";
import { parameterValidator } from "./validate.ts";

const since = parameterValidator("since", "query", { type: "integer" });

test.each([
  ["9223372036854775807", Number.MAX_SAFE_INTEGER],
  ["-9223372036854775808", Number.MIN_SAFE_INTEGER],
  ["9007199254740993", Number.MAX_SAFE_INTEGER],
  ["1795975610", 1795975610],
])("%s in a query is a number that every database holds", (text, number) => {
  expect(since(text)).toBe(number);
});

test.each(["9223372036854775808", "1e3", "", " 5", "5.0"])("%j in a query is no int64", (text) => {
  expect(() => since(text)).toThrow("since in query must be of type int64");
});
