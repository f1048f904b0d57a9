/** Where and why a text is no JSON. */
import { messageOf } from "./message-of.ts";

/** Where a text stops being JSON, without quoting it: it may be secret. `error` is what `JSON.parse` threw. */
export function jsonPlace(text: string, error: unknown): string {
  if (text.trim() === "") return "it is empty";
  const told = /line \d+ column \d+/.exec(messageOf(error))?.[0];
  if (told !== undefined) return told;
  return isUnexpectedToken(error) ? lineAndColumn(text, firstUnexpected(text)) : "it ends too early";
}

function isUnexpectedToken(error: unknown): boolean {
  return messageOf(error).startsWith("Unexpected token");
}

/** V8 does not tell the place of a token: it is the end of the shortest beginning that fails in the same way. */
function firstUnexpected(text: string): number {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failsByToken(text.slice(0, middle + 1))) high = middle;
    else low = middle + 1;
  }
  return low;
}

function failsByToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return isUnexpectedToken(error);
  }
}

/** `line 3 column 5` */
export function lineAndColumn(text: string, index: number): string {
  const lines = text.slice(0, index).split("\n");
  return `line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** What V8 says of a text that is no JSON, and how scripts know it from the original command line. */
const problems: readonly (readonly [told: RegExp, where: string])[] = [
  [/^Expected property name|^Expected double-quoted property name/, "looking for beginning of object key string"],
  [/^Expected ':'/, "after object key"],
  [/^Expected ',' or '}'/, "after object key:value pair"],
  [/^Expected ',' or ']'/, "after array element"],
  [/^Unexpected non-whitespace/, "after top-level value"],
  [/^Bad escaped/, "in string escape code"],
  [/^Bad Unicode/, "in \\u hexadecimal character escape"],
  [/^Bad control/, "in string literal"],
  [/number|Exponent|fraction/i, "in numeric literal"],
];

/** The message for a text that is no JSON: `invalid character 'o' in literal null (expecting 'u')`. */
export function jsonProblem(text: string): string {
  try {
    JSON.parse(text);
    return "invalid JSON";
  } catch (error) {
    const message = messageOf(error);
    const at =
      /at position (\d+)/.exec(message)?.[1] ?? (isUnexpectedToken(error) ? firstUnexpected(text) : text.length);
    const character = [...text.slice(Number(at))][0];
    if (character === undefined) return "unexpected end of JSON input";
    const where = problems.find(([told]) => told.test(message))?.[1] ?? literalAt(text, Number(at));
    return `invalid character ${quoted(character)} ${where ?? "looking for beginning of value"}`;
  }
}

/** `in literal null (expecting 'u')`; undefined where no literal has begun. */
function literalAt(text: string, index: number): string | undefined {
  const begun = /[a-z]+$/.exec(text.slice(0, index))?.[0] ?? "";
  const literal = ["null", "true", "false"].find((word) => begun !== "" && word.startsWith(begun));
  return literal && `in literal ${literal} (expecting '${literal[begun.length]}')`;
}

function quoted(character: string): string {
  if (character === "'") return "'\\''";
  return `'${JSON.stringify(character).slice(1, -1).replace('\\"', '"')}'`;
}
