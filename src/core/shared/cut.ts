/** Texts of strangers that are kept: cut where nobody reads on. */

export const LONGEST_TEXT = 16 * 1024;
export const LONGEST_LINE = 2048;

/** At most so many letters, and how many were left out. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}... (${text.length - longest} characters more)`;
}

/** The reason of a failure, each line cut and then the whole: the words of a compiler may stand behind a line of megabytes. */
export function cutReason(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  const lines = text.split("\n", LONGEST_TEXT).map((line) => cut(line, LONGEST_LINE));
  return cut(lines.join("\n"), LONGEST_TEXT);
}
