import { expect, test } from "vitest";
import { lookedUntil, SETTLED_MS } from "./times.ts";

test("a look goes on from its mark, unless a clock that was set back has left that ahead", () => {
  expect(lookedUntil(500, 1000)).toBe(500);
  expect(lookedUntil(1000 + SETTLED_MS, 1000)).toBe(1000 + SETTLED_MS);
  expect(lookedUntil(1001 + SETTLED_MS, 1000)).toBe(1000);
});
