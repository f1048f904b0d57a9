import fc from "fast-check";
import { expect, test } from "vitest";
import type { SourceFile } from "../shared/source-file.ts";
import { decodeBundle, encodeBundle } from "./bundle.ts";

const file = fc.record({
  path: fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
  mode: fc.constantFrom(0o644, 0o755),
  bytes: fc.uint8Array({ maxLength: 200 }),
});
const files = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 20 });

function plain(list: readonly SourceFile[]) {
  return list.map(({ path, mode, bytes }) => ({ path, mode, hex: Buffer.from(bytes).toString("hex") }));
}

test("every set of files comes back whole, sorted by path", () => {
  fc.assert(
    fc.property(files, (list) => {
      const sorted = list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      expect(plain(decodeBundle(encodeBundle(list)))).toEqual(plain(sorted));
    }),
  );
});

test("the order in which files were packed does not change the bundle", () => {
  fc.assert(fc.property(files, (list) => encodeBundle(list).equals(encodeBundle(list.toReversed()))));
});

test("the layout is length, header, bytes", () => {
  const bundle = encodeBundle([{ path: "hello.js", mode: 420, bytes: Buffer.from("abc") }]);
  const header = '[{"path":"hello.js","mode":420,"size":3}]';
  expect(bundle.readUInt32BE()).toBe(header.length);
  expect(bundle.toString("utf8", 4)).toBe(`${header}abc`);
});

test("a bundle that lost its end, or anything else, is refused", () => {
  const bundle = encodeBundle([{ path: "hello.js", mode: 420, bytes: Buffer.from("abc") }]);
  for (let end = 0; end < bundle.length; end++) expect(() => decodeBundle(bundle.subarray(0, end))).toThrow("damaged");
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => decodeBundle(bytes)).toThrow("damaged");
    }),
  );
});
