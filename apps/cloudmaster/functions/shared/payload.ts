/** The field `key` of a payload when it is a text with more than blanks in it, trimmed; else undefined. */
export function textField(payload: unknown, key: string): string | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const value: unknown = Object.entries(payload).find(([name]) => name === key)?.[1];
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return text === "" ? undefined : text;
}
