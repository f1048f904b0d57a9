import { messageOf } from "../frame/errors.ts";

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

function lineAndColumn(text: string, index: number): string {
  const lines = text.slice(0, index).split("\n");
  return `line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
