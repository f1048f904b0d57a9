/**
 * Texts as PostgreSQL can hold them: it has none with a zero byte. Callers, events and functions write what they like, and a statement
 * with one would fail for ever. A character that nobody may use stands for it, and before itself.
 */
const ESCAPE = "\u{10fffe}";

/** Where texts are looked for, too, so that what was stored is found. */
export function storable(value: unknown): unknown {
  if (typeof value !== "string" || !(value.includes("\0") || value.includes(ESCAPE))) return value;
  return value.replaceAll(ESCAPE, `${ESCAPE}e`).replaceAll("\0", `${ESCAPE}0`);
}

/** The text that was stored. */
export function restored(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replace(/\u{10fffe}([e0])/gu, (_, kind) => (kind === "0" ? "\0" : ESCAPE));
}
