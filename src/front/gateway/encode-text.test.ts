import { expect, test } from "vitest";
import { encoded } from "./encode-text.ts";

const answer = (type: string, body: string) => encoded({ status: 200, headers: { "content-TYPE": type }, body });

test.each([
  ["text/html; charset=iso-8859-1", "Zoë", "5a6feb"],
  ['text/html;charset="ISO-8859-1"; x=1', "Zoë", "5a6feb"],
  ["text/plain; charset=latin1", "é", "e9"],
  ["text/plain; charset=us-ascii", "a", "61"],
  ["text/plain; charset=windows-1252", "€ë", "80eb"],
  ["text/plain; charset=iso-8859-15", "€ë", "a4eb"],
  ["text/plain; charset=koi8-r", "да", "c4c1"],
  ["text/plain; charset=windows-1251", "да", "e4e0"],
  ["text/csv; charset=utf-16le", "aë", "6100eb00"],
  ["text/csv; charset=utf-16be", "aë", "006100eb"],
  ["text/csv; charset=utf-16", "a", "fffe6100"],
])("%s: %s is sent in that charset", (type, text, bytes) => {
  const { headers, body } = answer(type, text);
  expect(headers).toEqual({ "content-TYPE": type });
  expect(Buffer.isBuffer(body) && body.toString("hex")).toBe(bytes);
});

test.each([
  ["text/plain; charset=iso-8859-1", "€", "text/plain; charset=utf-8"],
  ["text/plain; charset=iso-8859-1; x=1", "\u0085", "text/plain; charset=utf-8; x=1"],
  ["text/plain; charset=us-ascii", "ë", "text/plain; charset=utf-8"],
  ['text/plain; Charset = "shift_jis"', "日本", "text/plain; Charset = utf-8"],
  ["text/plain; charset=nosuch", "a", "text/plain; charset=utf-8"],
  ["text/plain; charset=windows-1252", "日", "text/plain; charset=utf-8"],
])("%s: %s is sent as UTF-8, and the label says so", (type, text, label) => {
  expect(answer(type, text)).toEqual({ status: 200, headers: { "content-TYPE": label }, body: text });
});

test("texts of UTF-8, texts without a charset and bytes stay as they are", () => {
  for (const type of ["text/plain", "text/plain; charset=UTF-8", "text/plain; charset=utf8"])
    expect(answer(type, "ë")).toEqual({ status: 200, headers: { "content-TYPE": type }, body: "ë" });
  const bytes = { status: 200, headers: { "Content-Type": "text/plain; charset=iso-8859-1" }, body: Buffer.of(1) };
  expect(encoded(bytes)).toBe(bytes);
});
