/**
 * A value as PostgreSQL can hold it: its texts have no zero byte. Callers, events and functions write what they like, and a statement
 * with one would fail for ever. Where texts are looked for it is replaced in the same way, so that what was stored is found.
 */
export function storable(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}
