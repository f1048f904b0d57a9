/** Secret values never reach a log: each becomes `***`. */

const SHORTEST = 3;

/** Replaces every value, and every line of a value with several, longest first. Values under three characters stay. */
export function maskOf(values: Readonly<Record<string, string>>): (text: string) => string {
  const words = Object.values(values).flatMap((value) => [value, ...value.split(/\r?\n/)]);
  const hidden = [...new Set(words)].filter((word) => word.length >= SHORTEST).sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return (text) => text;
  const pattern = new RegExp(hidden.map(RegExp.escape).join("|"), "g");
  return (text) => text.replace(pattern, "***");
}
