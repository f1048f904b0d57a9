import { expect, test } from "vitest";
import { jsonPlace } from "./json-place.ts";

test.each([
  ["", "it is empty"],
  [" \n", "it is empty"],
  ['{"a":"b"', "line 1 column 9"],
  ['{"a":', "it ends too early"],
  ["password: x", "line 1 column 1"],
  ['{"a":\n x}', "line 2 column 2"],
  ['{"a":tru}', "line 1 column 9"],
  ["[1,]", "line 1 column 4"],
  ["{'a':1}", "line 1 column 2"],
])("%j is JSON until %s", (text, place) => {
  try {
    JSON.parse(text);
  } catch (error) {
    return expect(jsonPlace(text, error)).toBe(place);
  }
  throw new Error("it is JSON");
});
