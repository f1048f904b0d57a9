/** Files that flags and arguments name, looked up below the current folder. */
import { resolve } from "node:path";
import { repeatedKey } from "../../../core/shared/config-text.ts";
import { CliError } from "../../../frame/errors.ts";
import type { Io } from "../../../frame/io.ts";
import { isObject } from "../output/json.ts";
import { parseFile, readText } from "./read-text.ts";

/** The file's text. @throws CliError that begins with `failure`. */
export function textFile(io: Io, path: string, failure: string): string {
  return readText(resolve(io.cwd, path), path, failure);
}

/** The file's JSON; null when no flag names one. @throws CliError that begins with one of the sentences */
export function jsonFile(io: Io, path: string | undefined, unreadable: string, notJson: string): unknown {
  return path === undefined ? null : parseFile(textFile(io, path, unreadable), notJson);
}

/**
 * The values of a secrets file, a JSON object of strings; `-` is standard input.
 * @throws CliError that names the place or the key, never a value.
 */
export async function secretValues(io: Io, path: string): Promise<Readonly<Record<string, string>>> {
  const text = path === "-" ? await io.stdin() : textFile(io, path, `cannot read the secrets file ${path}`);
  const parsed = parseFile(text, `${path} is not valid JSON`, '; a secrets file is one object: {"key": "value"}');
  if (!isObject(parsed)) throw new CliError(`${path}: a secrets file is one JSON object: {"key": "value"}`);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new CliError(`${path}: ${repeated}`);
  const [wrong] = Object.keys(parsed).filter((key) => typeof parsed[key] !== "string");
  if (wrong !== undefined)
    throw new CliError(`${path}: the value of ${JSON.stringify(wrong)} must be a string in quotes`);
  return parsed as Readonly<Record<string, string>>;
}
