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

/**
 * Breaks words into lines of at most `width` columns with the least sum of squared slack, the last line free (as
 * paragraphs are set well). A word that is wider than `width` stands on its own line.
 */
export function wrapWords(words: readonly string[], width: number): string[] {
  const lengths = words.map(displayWidth);
  const breaks = bestBreaks(lengths, Math.max(width, ...lengths));
  const lines: string[] = [];
  for (let start = 0; start < words.length; start = breaks[start] ?? words.length) {
    lines.push(words.slice(start, breaks[start]).join(" "));
  }
  return lines;
}

/** For each word that a line may begin with, the word that the next line begins with. No word is longer than the limit. */
function bestBreaks(lengths: readonly number[], limit: number): readonly number[] {
  const breaks: number[] = [];
  const costs: number[] = [];
  for (let start = lengths.length - 1; start >= 0; start--) {
    costs[start] = Number.POSITIVE_INFINITY;
    let length = lengths[start] ?? 0;
    for (let end = start + 1; length <= limit; end++) {
      const cost = end === lengths.length ? 0 : (limit - length) ** 2 + (costs[end] ?? 0);
      if (cost < (costs[start] ?? 0)) [costs[start], breaks[start]] = [cost, end];
      if (end === lengths.length) break;
      length += 1 + (lengths[end] ?? 0);
    }
  }
  return breaks;
}
