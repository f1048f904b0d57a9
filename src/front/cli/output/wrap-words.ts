/** Texts in columns of a terminal: how wide they are, and where they break. */
import { eastAsianWidth } from "get-east-asian-width";

/** How many columns of a terminal a text fills: wide characters two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || /\p{Mark}/u.test(character)) return 0;
  return eastAsianWidth(code);
}

const tooLongPenalty = 1e5;

/**
 * Breaks words into lines of at most `width` columns with the least sum of squared slack, the last line free (as
 * paragraphs are set well). A word that is wider than `width` stands on its own line.
 */
export function wrapWords(words: readonly string[], width: number): string[] {
  const limit = Math.max(width, ...words.map(displayWidth));
  const breaks = bestBreaks(words.map(displayWidth), limit);
  const lines: string[] = [];
  for (let start = 0; start < words.length; start = breaks[start] ?? words.length) {
    lines.push(words.slice(start, breaks[start]).join(" "));
  }
  return lines;
}

/** For each word that a line may begin with, the word that the next line begins with. */
function bestBreaks(lengths: readonly number[], limit: number): readonly number[] {
  const count = lengths.length;
  const breaks: number[] = new Array(count).fill(count);
  const costs: number[] = new Array(count + 1).fill(0);
  const lineLength = lineLengths(lengths);
  for (let start = count - 1; start >= 0; start--) {
    if (lineLength(start, count) <= limit) continue;
    costs[start] = Number.POSITIVE_INFINITY;
    for (let end = start + 1; end < count; end++) {
      const cost = lineCost(lineLength(start, end), limit) + (costs[end] ?? 0);
      if (cost >= (costs[start] ?? 0)) continue;
      costs[start] = cost;
      breaks[start] = end;
    }
  }
  return breaks;
}

function lineCost(length: number, limit: number): number {
  return (limit - length) ** 2 + (length > limit ? tooLongPenalty : 0);
}

/** The length of a line by its first word and the one behind its last; adding up its words each time would take for ever. */
function lineLengths(lengths: readonly number[]): (start: number, end: number) => number {
  const before = [0];
  for (const length of lengths) before.push((before.at(-1) ?? 0) + length + 1);
  return (start, end) => (before[end] ?? 0) - (before[start] ?? 0) - 1;
}
