import { expect, test } from "vitest";
import { utf8File } from "./source-text.ts";

const text = 'exports.handler = () => "Ada Lovelace, café";\n';
const utf16 = Buffer.from(`\uFEFF${text}`, "utf16le");

const read = (path: string, bytes: Buffer): Buffer => Buffer.from(utf8File({ path, mode: 0o644, bytes }).bytes);

test.each(["hello.js", "lib/size.mts", "package.json", "Hello.java", "hello.ps1", "hello.py"])(
  "UTF-16 with its mark is read: %s",
  (path) => {
    expect(read(path, utf16).toString()).toBe(text);
    expect(read(path, Buffer.from(utf16).swap16()).toString()).toBe(text);
  },
);

test.each<[string, Buffer, RegExp]>([
  [
    "hello.js",
    Buffer.from(text, "latin1"),
    /^hello\.js is not UTF-8 \(byte 42, on line 1, is 0xe9\): save it as UTF-8$/,
  ],
  ["lib/a.ts", Buffer.from(`\n\n${text}`, "latin1"), /^lib\/a\.ts is not UTF-8 \(byte 44, on line 3/],
  ["Hello.java", Buffer.from(text, "latin1"), /^Hello\.java is not UTF-8/],
  ["hello.ps1", Buffer.from(text, "latin1"), /^hello\.ps1 is not UTF-8/],
  [
    "hello.js",
    Buffer.from("exports.handler = 1;", "utf16le"),
    /^hello\.js is not text: byte 1 is zero, as in UTF-16 without/,
  ],
  ["hello.js", utf16.subarray(0, 21), /^hello\.js is cut off/],
])("what would have to be guessed is refused with file and byte: %s", (path, bytes, message) => {
  expect(() => read(path, bytes)).toThrow(message);
});

test.each<[string, Buffer]>([
  ["hello.js", Buffer.from(`\uFEFF${text}`)],
  ["data.bin", Buffer.from(text, "latin1")],
  ["node_modules/old/index.js", Buffer.from(text, "latin1")],
  ["hello.py", Buffer.from(`# -*- coding: latin-1 -*-\n${text}`, "latin1")],
  ["hello.js", Buffer.alloc(0)],
])("everything else stays as it is: %s", (path, bytes) => {
  expect(read(path, bytes)).toEqual(bytes);
});

test("a Java file loses the byte order mark that its compiler would not take", () => {
  expect(read("src/Hello.java", Buffer.from(`\uFEFF${text}`)).toString()).toBe(text);
});
