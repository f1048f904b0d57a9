import { expect, test } from "vitest";
import { jsonProblem } from "./json-place.ts";

test.each([
  ["not json", "invalid character 'o' in literal null (expecting 'u')"],
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ["[1 2]", "invalid character '2' after array element"],
  ["hello", "invalid character 'h' looking for beginning of value"],
  ["{} x", "invalid character 'x' after top-level value"],
  ['"\\q"', "invalid character 'q' in string escape code"],
])("says what is wrong with %j", (text, message) => {
  expect(jsonProblem(text)).toBe(message);
});
