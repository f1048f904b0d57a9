import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSlack, escapeSlack, unescapeSlack } from "./escape.ts";

const hostile = fc.constantFrom("&", "<", ">", "amp;", "lt;", "gt;", "x");

test("calls to everybody and links become plain words", () => {
  expect(escapeSlack("<!channel> & <https://evil.example|click>")).toBe(
    "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;",
  );
});

test("text that is escaped already stays as it is", () => {
  fc.assert(fc.property(fc.string({ unit: hostile }), (text) => escapeSlack(escapeSlack(text)) === escapeSlack(text)));
});

test("no text leaves a bare angle bracket or ampersand behind", () => {
  fc.assert(
    fc.property(fc.string({ unit: hostile }), (text) => {
      expect(escapeSlack(text)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    }),
  );
});

test("what people typed comes back", () => {
  fc.assert(fc.property(fc.string({ unit: hostile }), (text) => unescapeSlack(encodeSlack(text)) === text));
});
