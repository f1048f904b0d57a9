/** Configuration as people write it: the extension of the file's name says in which format. */
import { extname } from "node:path";
import { jsonPlace } from "./json-place.ts";

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
  try {
    return text.trim() === "" ? undefined : JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not valid JSON: ${jsonPlace(text, error)}`);
  }
}
