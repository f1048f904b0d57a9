/** Text for a terminal, in which what others wrote does nothing: no colour, title, clipboard, cursor or direction of writing. */

/**
 * Control characters (C0 but tab and line end, DEL, C1) and those that turn the direction of writing.
 * A carriage return may stand before a line end only.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/g;

/** Each such character in a form that can be read: `^[` for escape, `\u009b` for the one-character form of it. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, visible);
}

function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
