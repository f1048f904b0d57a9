/** Texts in columns of a terminal: how wide they are, and where they break. */

/** Ranges of East Asian wide characters and emoji, which fill two columns of a terminal. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

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
  return wide.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
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
