import { expect, test } from "vitest";
import { visibleText } from "./visible-text.ts";

test.each([
  ["clipboard", "\u001b]52;c;ZXZpbA==\u0007", "^[]52;c;ZXZpbA==^G"],
  ["colour", "\u001b[31mred\u001b[0m", "^[[31mred^[[0m"],
  ["title in one character", "\u009d0;title\u009c", "\\u009d0;title\\u009c"],
  ["overwritten line", "harmless\rrm -rf /", "harmless^Mrm -rf /"],
  ["backspaces and delete", "a\b\u007f", "a^H^?"],
  ["turned direction", "\u202etxt.exe", "\\u202etxt.exe"],
  ["null and shift out", "\0\u000e", "^@^N"],
])("a %s does nothing", (_, text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test("tabs, line ends and letters of all scripts stay", () => {
  const text = "a\tb\r\nc\nZoë 日本 עברית 🎉\n";
  expect(visibleText(text)).toBe(text);
});
