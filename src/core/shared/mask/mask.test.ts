import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { masked, SecretMask } from "./mask.ts";

const maskOf = (values: Record<string, string>) => {
  const masks = [new SecretMask(values)];
  return (text: string) => masked(masks, text);
};

test("every value is hidden wherever it stands, also where it means something in patterns", () => {
  const mask = maskOf({ a: "s3cret", b: "p.*s$" });
  expect(mask("a s3cret and s3crets, p.*s$ but not pass")).toBe("a *** and ***s, *** but not pass");
});

test("the longer of two values is hidden whole", () => {
  expect(maskOf({ short: "abc", long: "abcdef" })("abcdef abc")).toBe("*** ***");
});

test("values that overlap are hidden together, also those of two secrets", () => {
  expect(maskOf({ a: "abcd", b: "cdef" })("abcdef")).toBe("***");
  expect(masked([new SecretMask({ a: "abcd" }), new SecretMask({ b: "cdef" })], "x abcdef y")).toBe("x *** y");
});

test("each line of a value with several is hidden, as logs have them one by one, with its indentation or without", () => {
  const mask = maskOf({ key: "-----BEGIN-----\r\n  line two\n" });
  expect([mask("-----BEGIN-----"), mask("x line two y")]).toEqual(["***", "x *** y"]);
});

test("values under three letters stay: hiding them would blot out everything", () => {
  expect(maskOf({ a: "a", b: "", c: "ab" })("a ab b")).toBe("a ab b");
  expect(maskOf({ a: "a\nb\nc" })("a\nb\nc")).toBe("***");
});

const secret = 'p"ä/ s\\+%&\u{1f511}\tend';

describe("a value is hidden as it stands in", () => {
  test.each([
    ["JSON", JSON.stringify({ secret })],
    ["JSON within JSON", JSON.stringify({ inner: JSON.stringify({ secret }) })],
    [
      "JSON of letters under 128",
      JSON.stringify(secret).replace(/[^\x20-\x7e]/g, (l) => `\\u${l.charCodeAt(0).toString(16).padStart(4, "0")}`),
    ],
    ["a URL", `https://host/?q=${encodeURIComponent(secret)}&x=1`],
    ["a URL with small digits", encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase())],
    ["a form", new URLSearchParams({ secret }).toString()],
  ])("%s", (_, text) => {
    const hidden = maskOf({ secret })(text);
    expect(hidden).toContain("***");
    expect(hidden).not.toContain("end");
    expect(hidden).not.toMatch(/p(?:"|%22|\\")/);
  });
});

test("what is left holds no value, and nothing else is changed, whatever values and text are", () => {
  const letters = fc.string({
    unit: fc.constantFrom("a", "b", "\\", "%", "+", "n", "4", '"'),
    minLength: 3,
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 6 }),
      fc.array(letters, { maxLength: 12 }),
      (values, parts) => {
        const trimmed = values.filter((value) => value.trim().length >= 3);
        const text = parts.map((part, n) => (n % 3 === 0 ? (values[n % values.length] ?? part) : part)).join("|");
        const hidden = maskOf(Object.fromEntries(values.entries()))(text);
        for (const piece of hidden.split("***")) {
          for (const value of trimmed) expect(piece).not.toContain(value);
        }
        if (!trimmed.some((value) => text.includes(value)) && !/[\\%+]/.test(text)) expect(hidden).toBe(text);
      },
    ),
  );
});

test("the beginning of a value at the end of a text that was cut is hidden, too", () => {
  const masks = [new SecretMask({ secret: "first-line\nsecond-line" })];
  expect(masked(masks, "it is second-l", true)).toBe("it is ***");
  expect([masked(masks, "it is se", true), masked(masks, "it is second-l")]).toEqual(["it is se", "it is second-l"]);
});

test("a text that holds none stays the same", () => {
  const text = "\\n %41 + plain \\u00e4 % \\";
  expect(maskOf({ secret: "other" })(text)).toBe(text);
});

/** Milliseconds, the best of three. */
function timed(work: () => void): number {
  const times = [1, 2, 3].map(() => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  return Math.min(...times);
}

describe("the time grows with text and secret alone", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, n) => `line-${n}-of-a-secret`).join("\n");

  test("with thousands of lines, of which a regular expression could not be made", () => {
    const mask = maskOf({ bundle: lines(40_000) });
    expect(mask("x line-39999-of-a-secret y")).toBe("x *** y");
  });

  test.each([
    ["letters of which every end begins a value", { a: "a".repeat(5000) }, (n: number) => "a".repeat(n)],
    ["escapes of JSON", { a: "secret" }, (n: number) => "\\\\".repeat(n / 2)],
    ["escapes of URLs", { a: "secret" }, (n: number) => "%41".repeat(n / 3)],
    ["values everywhere", { a: "abc", b: "bca", c: "cab" }, (n: number) => "abc".repeat(n / 3)],
  ])("%s", (_, values, textOf) => {
    const mask = maskOf(values);
    mask(textOf(300));
    const [once, fourTimes] = [timed(() => mask(textOf(150_000))), timed(() => mask(textOf(600_000)))];
    expect(fourTimes).toBeLessThan(12 * once + 100);
  });

  test("when it is made", () => {
    const make = (count: number) => maskOf({ a: lines(count) })("nothing");
    const [once, fourTimes] = [timed(() => make(5000)), timed(() => make(20_000))];
    expect(fourTimes).toBeLessThan(12 * once + 100);
  });
});
