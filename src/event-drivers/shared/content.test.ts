/** What bytes of a queue become in an event. */
import { expect, test } from "vitest";
import { contentOf, typeOfName } from "./content.ts";

test.each([
  ['{"a": 1}', { contentType: "application/json", data: { a: 1 } }],
  ["words", { contentType: "text/plain", data: "words" }],
  ["", { contentType: "text/plain", data: null }],
])("`%s` is read as what it is", (text, expected) => {
  expect(contentOf(new TextEncoder().encode(text))).toEqual(expected);
});

test("bytes that are no text come as base64", () => {
  expect(contentOf(Uint8Array.of(0xff, 0))).toEqual({ contentType: "application/octet-stream", data: "/wA=" });
});

test.each([
  ["orders.new", "orders.new"],
  ["Other Things/ä", "Other_Things__"],
  ["x".repeat(200), "x".repeat(128)],
])("the name %s is the type %s", (name, type) => expect(typeOfName(name)).toBe(type));
