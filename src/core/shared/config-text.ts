/** Configuration as people write it: the extension of the file's name says in which format. */
import { extname } from "node:path";
import { jsonPlace, lineAndColumn } from "./json-place.ts";
import { repeatedName } from "./json-text.ts";

export const CONFIG_EXTENSIONS = [".json", ".toml", ".yaml", ".yml"] as const;

/** What reads a file of that name; undefined for an extension that means no format. The libraries are loaded when they are needed. */
export async function configParser(path: string): Promise<((text: string) => unknown) | undefined> {
  switch (extname(path).toLowerCase()) {
    case ".json":
      return parseJsonFile;
    case ".toml":
      return (await import("smol-toml")).parse;
    case ".yaml":
    case ".yml":
      // The package is CommonJS: in the packed build only its default export is there.
      return (await import("yaml")).default.parse;
    default:
      return undefined;
  }
}

/** Nothing of a text that may be secret is repeated. @throws Error that names the place */
function parseJsonFile(text: string): unknown {
  if (text.trim() === "") return undefined;
  const parsed = parsedJson(text);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new Error(repeated);
  return parsed;
}

/** What is wrong where an object has a key twice, of which JSON would take the last value in silence; `text` must be valid JSON. */
export function repeatedKey(text: string): string | undefined {
  const repeated = repeatedName(text);
  if (repeated === undefined) return undefined;
  const place = lineAndColumn(text, repeated.at);
  return `the key ${JSON.stringify(repeated.name)} stands there again at ${place}: leave one of them`;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not valid JSON: ${jsonPlace(text, error)}`);
  }
}

/** An object with its keys in lower case. @throws Error for two that are then the same: one of them would be lost in silence */
export function lowerKeys(object: object): Record<string, unknown> {
  const written = new Map<string, string>();
  for (const key of Object.keys(object)) {
    const other = written.get(key.toLowerCase());
    if (other !== undefined)
      throw new Error(`the keys ${JSON.stringify(other)} and ${JSON.stringify(key)} mean the same: leave one of them`);
    written.set(key.toLowerCase(), key);
  }
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
}
