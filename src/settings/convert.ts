import { parseDuration } from "../core/shared/duration.ts";
import { UsageError } from "../frame/errors.ts";
import { booleanOf } from "../frame/flags.ts";
import type { Definition, SettingValue } from "./definitions.ts";

/** A setting that cannot be used: what, where it came from, what would be right. */
export class SettingError extends UsageError {
  override name = "SettingError";
}

/** From the text of a flag or variable, or a value of the configuration file. @throws SettingError naming `source`. */
export function convert(definition: Definition, raw: unknown, source: string): SettingValue {
  switch (definition.type) {
    case "boolean":
      return parseBoolean(raw, source);
    case "number":
      return toNumber(definition, raw, source);
    case "duration":
      return parseDuration(String(raw)) ?? fail(source, raw, "a duration such as 20s or 1m30s");
    case "list":
      return toList(raw);
    case "string":
      return toChoice(definition, raw, source);
  }
}

/** The words of Go and of YAML for yes and no. @throws SettingError naming `source`. */
export function parseBoolean(raw: unknown, source: string): boolean {
  if (typeof raw === "boolean") return raw;
  return booleanOf(String(raw)) ?? fail(source, raw, "true or false");
}

function toNumber(
  { min, max }: { readonly min?: number; readonly max?: number },
  raw: unknown,
  source: string,
): number {
  const number = typeof raw === "number" ? raw : /^-?\d+$/.test(String(raw)) ? Number(raw) : Number.NaN;
  const low = min ?? 0;
  const high = max ?? Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(number) && number >= low && number <= high) return number;
  return fail(source, raw, `a whole number from ${low} to ${high}`);
}

function toList(raw: unknown): string[] {
  return [raw]
    .flat()
    .flatMap((item) => String(item).split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function toChoice(
  { choices, refused }: { choices?: readonly string[]; refused?: Readonly<Record<string, string>> },
  raw: unknown,
  source: string,
): string {
  const text = String(raw);
  if (choices === undefined || choices.includes(text)) return text;
  const reason = refused?.[text];
  if (reason !== undefined) throw new SettingError(`${source} is ${JSON.stringify(raw)}: ${reason}`);
  return fail(source, raw, choices.filter((choice) => choice !== "").join(" or "));
}

function fail(source: string, raw: unknown, wanted: string): never {
  throw new SettingError(`${source} is ${JSON.stringify(raw)}: expected ${wanted}`);
}
