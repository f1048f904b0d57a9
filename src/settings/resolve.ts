/** Which of the sources decides a setting: flag > environment > file > default, for every setting alike. */
import { parseDuration } from "../core/shared/duration.ts";
import type { Given } from "../frame/flags.ts";
import { convert } from "./convert.ts";
import { type Definition, definitions, type SettingName, type Settings, type SettingValue } from "./definitions.ts";
import { keysOf } from "./keys.ts";
import { legacyFlags } from "./legacy.ts";

export interface Sources {
  readonly flags: Given;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ReadonlyMap<string, unknown>;
  /** Of the configuration file, for messages. */
  readonly path: string;
}

/** One setting as it is in force. */
export interface Resolved {
  readonly name: string;
  readonly type: Definition["type"];
  /** Durations in milliseconds. */
  readonly value: SettingValue;
  readonly origin: "flag" | "environment" | "file" | "default";
  /** In words: `--port`, `DISPATCH_PORT`, `port in /etc/dispatch.yaml`, or `default`. */
  readonly source: string;
  readonly secret: boolean;
}

/** One of the older product's settings that somebody set. */
export interface ResolvedLegacy extends Resolved {
  readonly instead: string;
}

/** The name of a setting's environment variable. */
export function variableOf(name: string): string {
  return `DISPATCH_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** @throws SettingError that names the source of a value that cannot be used. */
export function resolveSettings(sources: Sources): { settings: Settings; resolved: Resolved[] } {
  const resolved = (Object.keys(definitions) as SettingName[]).map((name) => resolve(name, definitions[name], sources));
  const settings = Object.fromEntries(resolved.map(({ name, value }) => [name, value])) as Settings;
  return { settings: Object.freeze(settings), resolved };
}

/** Only those that are set: the default of a setting without effect is not shown. */
export function resolveLegacy(sources: Sources): ResolvedLegacy[] {
  return Object.entries(legacyFlags).flatMap(([name, { type, instead, section, secret }]) => {
    const found = firstGiven(name, section, sources);
    if (found === undefined) return [];
    const value = lastOf(found.raw);
    const shown = type === "boolean" ? value === true || value === "true" : String(value);
    return [{ name, type, value: shown, origin: found.origin, source: found.source, secret: secret ?? false, instead }];
  });
}

function resolve(name: string, definition: Definition, sources: Sources): Resolved {
  const found = firstGiven(name, definition.section, sources);
  const fixed = { name, type: definition.type, secret: definition.secret ?? false };
  if (found === undefined) return { ...fixed, value: defaultOf(definition), origin: "default", source: "default" };
  const raw = found.origin === "flag" && definition.type !== "list" ? lastOf(found.raw) : found.raw;
  return { ...fixed, value: convert(definition, raw, found.source), origin: found.origin, source: found.source };
}

interface Found {
  readonly raw: unknown;
  readonly origin: "flag" | "environment" | "file";
  readonly source: string;
}

function firstGiven(
  name: string,
  section: string | undefined,
  { flags, environment, file, path }: Sources,
): Found | undefined {
  if (flags.has(name)) return { raw: flags.get(name), origin: "flag", source: `--${name}` };
  const variable = variableOf(name);
  if (environment[variable]) return { raw: environment[variable], origin: "environment", source: variable };
  const key = keysOf(name, section).find((candidate) => file.has(candidate));
  return key === undefined ? undefined : { raw: file.get(key), origin: "file", source: `${key} in ${path}` };
}

/** The last value of a flag counts. */
function lastOf(raw: unknown): unknown {
  return Array.isArray(raw) ? raw.at(-1) : raw;
}

function defaultOf(definition: Definition): SettingValue {
  return definition.type === "duration" ? (parseDuration(definition.default) ?? 0) : definition.default;
}
