import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const known = ["function", "functions", "image", "api", "data-dir", "gateway-port"];

test.each([
  ["functon", "function"],
  ["FUNC", "function"],
  ["imgae", "image"],
  ["gateway-prot", "gateway-port"],
  ["datadir", "data-dir"],
])("%s most probably meant %s", (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test.each(["", "x", "zzz", "kubernetes"])("nothing is near %j", (word) => {
  expect(nearest(word, known)).toBeUndefined();
});
