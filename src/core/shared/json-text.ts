/**
 * JSON as text. Inputs and outputs of functions travel as the caller wrote them, so that numbers stay exact and nothing is
 * encoded twice; these helpers find a member's own text inside a larger one.
 */
import { DispatchError } from "./errors.ts";

/** Parses a request body. @throws MALFORMED_BODY in the words that clients know (server.md 2.3). */
export function parseBody(text: string, bodyName = "body"): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DispatchError("MALFORMED_BODY", { body: bodyName, cause: parseCause(text, error) });
  }
}

/** What the parser said of it, without its text. */
export function parseCause(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : "invalid JSON";
  const position = /at position (\d+)/.exec(message)?.[1];
  const cutOff = position !== undefined && Number(position) >= text.trimEnd().length;
  if (cutOff || /end of JSON input|Unterminated/.test(message)) return "unexpected EOF";
  return (
    message.replace(/, "?[\s\S]* is not valid JSON$|, \.\.\.[\s\S]*$/, "").slice(0, 200) ||
    `invalid JSON of ${text.length} characters`
  );
}

/**
 * The text of a top-level member, exactly as written; the last one of that name counts, in any letter case.
 * `text` must be a valid JSON object.
 */
export function memberText(text: string, key: string): string | undefined {
  const wanted = key.toLowerCase();
  let found: string | undefined;
  eachMember(text, (name, start, end) => {
    if (name.length === key.length && name.toLowerCase() === wanted) found = text.slice(start, end);
  });
  return found;
}

/** Which names of an object count in any letter case: those of the fields that a contract knows, here in lower case. */
export interface Fields {
  readonly fields?: ReadonlyMap<string, Fields>;
  /** Of the objects in a list. */
  readonly items?: Fields;
}

export interface RepeatedName {
  /** As it stands there first. */
  readonly name: string;
  /** As it stands there again. */
  readonly again: string;
  readonly at: number;
}

/** Remembering names costs more than reading them. Nothing that people write has so many; what has is taken as JSON.parse takes it. */
const MOST_NAMES = 20_000;

/** The first name that stands in one object a second time, however deep, among the first `MOST_NAMES`; `text` must be valid JSON. */
export function repeatedName(text: string, contract?: Fields): RepeatedName | undefined {
  const open: Level[] = [];
  let [left, next] = [MOST_NAMES, contract];
  for (let at = 0; at < text.length && left > 0; at++) {
    const char = text.charCodeAt(at);
    if (isOpening(char)) {
      open.push({ contract: next, names: new Map() });
      next = next?.items;
    } else if (isClosing(char)) {
      open.pop();
      next = open.at(-1)?.contract?.items;
    }
    if (char !== 0x22) continue;
    const end = endOfString(text, at);
    const level = text[skipBlanks(text, end)] === ":" ? open.at(-1) : undefined;
    if (level !== undefined) {
      const again = stringOf(text.slice(at, end));
      const key = keyOf(again, level);
      const name = level.names.get(key);
      if (name !== undefined) return { name, again, at };
      level.names.set(key, again);
      next = level.contract?.fields?.get(key);
      left--;
    }
    at = end - 1;
  }
  return undefined;
}

/** An object or a list that is not closed yet. */
interface Level {
  readonly contract: Fields | undefined;
  /** Its names as they are written, by what they mean. */
  readonly names: Map<string, string>;
}

function keyOf(name: string, { contract }: Level): string {
  if (contract?.fields === undefined) return name;
  const lower = name.toLowerCase();
  return contract.fields.has(lower) ? lower : name;
}

/** What a string in its quotes says. */
function stringOf(written: string): string {
  return written.includes("\\") ? String(JSON.parse(written)) : written.slice(1, -1);
}

/** Calls `use` with each top-level name as it is written, and where its value begins and ends. */
function eachMember(text: string, use: (name: string, start: number, end: number) => void): void {
  let at = skipBlanks(text, text.indexOf("{") + 1);
  while (at < text.length && text[at] !== "}") {
    const keyEnd = endOfString(text, at);
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    use(text.slice(at + 1, keyEnd - 1), start, end);
    at = nextItem(text, end);
  }
}

/** The texts of the elements of an array, exactly as written. `text` must be a valid JSON array. */
export function elementTexts(text: string): string[] {
  const found: string[] = [];
  let at = skipBlanks(text, text.indexOf("[") + 1);
  while (at < text.length && text[at] !== "]") {
    const end = endOfValue(text, at);
    found.push(text.slice(at, end));
    at = nextItem(text, end);
  }
  return found;
}

/** One object of two, none of them empty and no name in both. */
export function joinObjects(first: string, second: string): string {
  return `${first.slice(0, first.lastIndexOf("}"))},${second.slice(second.indexOf("{") + 1)}`;
}

/** Where the item behind one that ends at `end` begins, or the closing bracket stands. */
function nextItem(text: string, end: number): number {
  const at = skipBlanks(text, end);
  return text[at] === "," ? skipBlanks(text, at + 1) : at;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 32) at++;
  return at;
}

/** `from` is the opening quote; the result is behind the closing one. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** Behind the JSON value that begins at `from`; the end of the text when it is not closed. */
export function endOfValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first === "{" || first === "[") return endOfGroup(text, from);
  return endOfScalar(text, from);
}

/** Behind a number, `true`, `false` or `null`. */
function endOfScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isBehindScalar(text.charCodeAt(at))) at++;
  return at;
}

/** A comma, a closing bracket or a blank. */
function isBehindScalar(char: number): boolean {
  return char === 0x2c || char === 0x7d || char === 0x5d || char <= 32;
}

function endOfGroup(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) at = endOfString(text, at) - 1;
    else if (isOpening(char)) depth++;
    else if (isClosing(char)) {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

/** A brace or a bracket. */
function isOpening(char: number): boolean {
  return char === 0x7b || char === 0x5b;
}

function isClosing(char: number): boolean {
  return char === 0x7d || char === 0x5d;
}
