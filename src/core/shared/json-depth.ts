/** How deep JSON nests: told in one pass over the text, without recursion, before anything parses it. */
import { DispatchError } from "./errors.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether objects and arrays nest deeper than `limit` levels. The text need not be valid JSON. */
export function nestsDeeper(text: string, limit: number): boolean {
  // Each level takes a bracket: most texts are too short to begin with.
  if (text.length <= limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at + 1);
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > limit) return true;
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
  return false;
}

/** The place of the closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return at;
    at += char === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** The sentence that says so; `what` is the body, the result ... */
export function tooDeepText(what: string, limit: number): string {
  return `${what} nests deeper than ${limit} levels (setting max-json-depth)`;
}

/** @throws BAD_REQUEST */
export function refuseDeep(text: string, limit: number, what: string): void {
  if (nestsDeeper(text, limit)) throw new DispatchError("BAD_REQUEST", { message: tooDeepText(what, limit) });
}
