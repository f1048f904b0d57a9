import { rawNumber, stringifyJson } from "../../client/json.ts";

/** JSON with four blanks (or as many as told), a newline at its end, and the characters that HTML minds escaped. */
export function jsonText(value: unknown, indent = 4): string {
  return `${wellFormed(stringifyJson(value, indent)).replaceAll(/[<>&\u2028\u2029]/g, escaped)}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Half of a character, such as the rest of an emoji that was cut through, is U+FFFD: jq and many others read no JSON with it. */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f][\da-f]{2}/g, "$1\ufffd");
}

/** YAML with the same key names as JSON (decisions.md 3). */
export async function yamlText(value: unknown): Promise<string> {
  // The package is CommonJS: in the packed build only its default export is there.
  const { stringify } = (await import("yaml")).default;
  return stringify(value, (_key, item) => plainNumber(item), { lineWidth: 0, aliasDuplicateObjects: false });
}

function plainNumber(value: unknown): unknown {
  const raw = rawNumber(value);
  if (raw === undefined) return value;
  return /^-?\d+$/.test(raw) ? BigInt(raw) : Number(raw);
}
