/** The keys of the configuration file: those of today, those of the older product, and all others, which are mistakes. */
import { nearest } from "../core/shared/nearest.ts";
import { SettingError } from "./convert.ts";
import { type Definition, definitions } from "./definitions.ts";
import { type Legacy, legacyFlags, legacyKey } from "./legacy.ts";

/** Under which keys a setting may stand: its own name, and its older group. */
export function keysOf(name: string, section: string | undefined): string[] {
  return section === undefined ? [name] : [name, `${section}.${name}`];
}

/** Returns the keys that only the older product's file had. @throws SettingError for a key that never was one. */
export function refuseUnknownKeys(
  file: ReadonlyMap<string, unknown>,
  path: string,
): { readonly key: string; readonly instead: string }[] {
  const all: Readonly<Record<string, Definition | Legacy>> = { ...definitions, ...legacyFlags };
  const known = new Set(Object.entries(all).flatMap(([name, { section }]) => keysOf(name, section)));
  return [...file.keys()]
    .filter((key) => !known.has(key))
    .map((key) => ({ key, instead: legacyKey(key) ?? unknownKey(key, path, [...known]) }));
}

function unknownKey(key: string, path: string, known: readonly string[]): never {
  const hint = nearest(key, known);
  throw new SettingError(`unknown key ${key} in ${path}${hint === undefined ? "" : ` (did you mean ${hint}?)`}`);
}
