/** Says what is wrong with a JSON text, in the words that scripts know from the original command line. */

const literals: readonly string[] = ["null", "true", "false"];

/** The message for a text that is no JSON: `invalid character 'o' in literal null (expecting 'u')`. */
export function goJsonError(text: string): string {
  try {
    const end = skipBlanks(text, readValue(text, skipBlanks(text, 0)));
    return end < text.length ? invalid(text, end, "after top-level value") : "invalid JSON";
  } catch (error) {
    return error instanceof Error ? error.message : "invalid JSON";
  }
}

function invalid(text: string, index: number, where: string): string {
  if (index >= text.length) return "unexpected end of JSON input";
  const character = [...text.slice(index)][0] ?? "";
  return `invalid character ${quoted(character)} ${where}`;
}

function quoted(character: string): string {
  if (character === "'") return "'\\''";
  return `'${JSON.stringify(character).slice(1, -1).replace('\\"', '"')}'`;
}

function fail(text: string, index: number, where: string): never {
  throw new Error(invalid(text, index, where));
}

function skipBlanks(text: string, index: number): number {
  let at = index;
  while (/[ \t\r\n]/.test(text[at] ?? "")) at++;
  return at;
}

function readValue(text: string, index: number): number {
  const first = text[index] ?? "";
  if (first === "{") return readObject(text, index + 1);
  if (first === "[") return readArray(text, index + 1);
  if (first === '"') return readString(text, index + 1);
  const literal = literals.find((word) => word[0] === first);
  if (literal !== undefined) return readLiteral(text, index, literal);
  return /[-0-9]/.test(first) ? readNumber(text, index) : fail(text, index, "looking for beginning of value");
}

function readLiteral(text: string, index: number, literal: string): number {
  for (let at = 1; at < literal.length; at++) {
    if (text[index + at] !== literal[at]) fail(text, index + at, `in literal ${literal} (expecting '${literal[at]}')`);
  }
  return index + literal.length;
}

function readNumber(text: string, index: number): number {
  const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(text.slice(index))?.[0];
  return number === undefined ? fail(text, index + 1, "in numeric literal") : index + number.length;
}

function readString(text: string, index: number): number {
  for (let at = index; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') return at + 1;
    if (character < " ") fail(text, at, "in string literal");
    if (character === "\\") at = readEscape(text, at + 1);
  }
  return fail(text, text.length, "");
}

function readEscape(text: string, index: number): number {
  if (text[index] !== "u")
    return /["\\/bfnrt]/.test(text[index] ?? "") ? index : fail(text, index, "in string escape code");
  for (let at = index + 1; at <= index + 4; at++) {
    if (!/[0-9a-fA-F]/.test(text[at] ?? "")) fail(text, at, "in \\u hexadecimal character escape");
  }
  return index + 4;
}

function readObject(text: string, index: number): number {
  let at = skipBlanks(text, index);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"') fail(text, at, "looking for beginning of object key string");
    at = skipBlanks(text, readString(text, at + 1));
    if (text[at] !== ":") fail(text, at, "after object key");
    at = skipBlanks(text, readValue(text, skipBlanks(text, at + 1)));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") fail(text, at, "after object key:value pair");
    at = skipBlanks(text, at + 1);
  }
}

function readArray(text: string, index: number): number {
  let at = skipBlanks(text, index);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = skipBlanks(text, readValue(text, at));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") fail(text, at, "after array element");
    at = skipBlanks(text, at + 1);
  }
}
