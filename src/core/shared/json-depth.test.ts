import fc from "fast-check";
import { expect, test } from "vitest";
import { nestsDeeper } from "./json-depth.ts";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("is what a reader of the value finds, whatever its texts are", () => {
  const tricky = fc.stringMatching(/^["\\[\]{}a]*$/);
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 12 },
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), tricky),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(tricky, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(json, fc.boolean(), (value, spaced) => {
      // A text no longer than the limit cannot nest deeper, so blanks make it long.
      const text = JSON.stringify(value, null, spaced ? 2 : 0) + " ".repeat(40);
      const depth = depthOf(value);
      expect(nestsDeeper(text, depth)).toBe(false);
      if (depth > 0) expect(nestsDeeper(text, depth - 1)).toBe(true);
    }),
  );
});

test("is told of any text, in time that grows with it alone", () => {
  for (const text of ['"', '"\\', "[".repeat(1e6), '"\\"'.repeat(3e5), '{"a":'.repeat(2e5), `"${"\\".repeat(1e6)}`])
    expect(nestsDeeper(text, 1000)).toBe(text.startsWith("[") || text.startsWith("{"));
});
