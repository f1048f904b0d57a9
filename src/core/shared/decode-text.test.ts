import { describe, expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le");
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("text is read where its encoding is certain", () => {
  test.each([
    ["UTF-8", Buffer.from("Zoë")],
    ["UTF-8 with a mark", Buffer.from("\uFEFFZoë")],
    ["UTF-16, little end first", utf16("Zoë")],
    ["UTF-16, big end first", utf16("Zoë").swap16()],
  ])("%s", (_encoding, bytes) => {
    expect(decodeText(bytes, "f")).toBe("Zoë");
  });

  test("nothing, a mark alone, and a replacement character that was written stay what they are", () => {
    expect(decodeText(Buffer.alloc(0), "f")).toBe("");
    expect(decodeText(Buffer.from("\uFEFF"), "f")).toBe("");
    expect(decodeText(utf16(""), "f")).toBe("");
    expect(decodeText(Buffer.from("a\uFFFDb"), "f")).toBe("a\uFFFDb");
    expect(decodeText(utf16("😀"), "f")).toBe("😀");
  });
});

describe("else it is refused with the byte", () => {
  test.each([
    ["Latin-1", latin1('{"a":\n"Zoë"}'), "s.json is not UTF-8 (byte 9, on line 2, is 0xeb): save it as UTF-8"],
    [
      "behind a replacement character",
      Buffer.concat([Buffer.from("\uFFFD"), latin1("é")]),
      "(byte 3, on line 1, is 0xe9)",
    ],
    ["a letter that is cut off", Buffer.from("Zoë").subarray(0, 3), "(byte 2, on line 1, is 0xc3)"],
    ["UTF-16 without a mark", Buffer.from("{}", "utf16le"), "byte 1 is zero, as in UTF-16 without a byte order mark"],
    ["binary", Buffer.from("text\0more text and more"), "s.json is not text: byte 4 is zero; save it as UTF-8"],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), "s.json is UTF-32"],
    ["half a letter", utf16("a\uD83D"), "s.json is not UTF-16 (byte 4)"],
    ["half a unit", utf16("ab").subarray(0, 5), "s.json is cut off"],
  ])("%s", (_what, bytes, message) => {
    expect(() => decodeText(bytes, "s.json")).toThrow(message);
  });
});
