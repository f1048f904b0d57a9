import { readFileSync } from "node:fs";
import { configParser, lowerKeys } from "../core/shared/config-text.ts";
import { decodeText } from "../core/shared/decode-text.ts";
import { messageOf } from "../core/shared/message-of.ts";
import { SettingError } from "./convert.ts";

/** Reads a configuration file; the extension names its format. Keys come back in lower case. @throws SettingError */
export async function readConfigFile(path: string): Promise<Map<string, unknown>> {
  const parse = await configParser(path);
  if (parse === undefined)
    throw new SettingError(`the configuration file ${path} must end in .yaml, .yml, .json or .toml`);
  try {
    return lowerCased(parse(decodeText(readFileSync(path), "it")));
  } catch (error) {
    throw new SettingError(`cannot read the configuration file ${path}: ${messageOf(error)}`);
  }
}

/** Flattens groups: `local: {gateway-port: 1}` becomes `local.gateway-port`. */
function lowerCased(value: unknown, prefix = ""): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  if (typeof value !== "object" || value === null) {
    if (value === null || value === undefined) return entries;
    throw new Error("it must hold settings, one a line, such as port: 8080");
  }
  for (const [key, member] of Object.entries(lowerKeys(value))) {
    const name = `${prefix}${key}`;
    if (typeof member !== "object" || member === null || Array.isArray(member)) entries.set(name, member);
    else for (const [inner, deep] of lowerCased(member, `${name}.`)) entries.set(inner, deep);
  }
  return entries;
}
