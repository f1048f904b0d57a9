import { displayWidth } from "./display-width.ts";

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
  for (let start = count - 1; start >= 0; start--) {
    if (lineLength(lengths, start, count) <= limit) continue;
    costs[start] = Number.POSITIVE_INFINITY;
    for (let end = start + 1; end < count; end++) {
      const cost = lineCost(lineLength(lengths, start, end), limit) + (costs[end] ?? 0);
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

function lineLength(lengths: readonly number[], start: number, end: number): number {
  return lengths.slice(start, end).reduce((sum, length) => sum + length + 1, -1);
}
