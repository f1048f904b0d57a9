/** All settings, read once from flags, environment and configuration file, checked and frozen. Flag > environment > file > default. */
import { parseArgs } from "node:util";
import { nearest } from "../core/shared/nearest.ts";
import { readConfigFile } from "./config-file.ts";
import { convert, parseDuration, SettingError } from "./convert.ts";
import { type Definition, definitions, type SettingName, type Settings, type SettingValue } from "./definitions.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `help` and `version` end the program before anything starts. */
export type Invocation =
  | { readonly kind: "help" | "version" }
  | { readonly kind: "start"; readonly settings: Settings };

/** @throws SettingError with a sentence for the user. */
export async function readSettings(args: readonly string[], environment: Environment): Promise<Invocation> {
  const flags = parseFlags(args);
  if (flags.help === true) return { kind: "help" };
  if (flags.version === true) return { kind: "version" };
  const configPath = lastOf(flags.config) || environment.DISPATCH_CONFIG;
  const file = configPath ? await readConfigFile(String(configPath)) : new Map<string, unknown>();
  refuseUnknownKeys(file, String(configPath));
  const entries = names().map(
    (name) => [name, chosenValue(name, flags, environment, file, String(configPath))] as const,
  );
  return { kind: "start", settings: Object.freeze(Object.fromEntries(entries)) as Settings };
}

/** The name of a setting's environment variable. */
export function variableOf(name: string): string {
  return `DISPATCH_${name.toUpperCase().replaceAll("-", "_")}`;
}

function names(): SettingName[] {
  return Object.keys(definitions) as SettingName[];
}

type Flags = Record<string, string | boolean | (string | boolean)[] | undefined>;

function parseFlags(args: readonly string[]): Flags {
  const options = Object.fromEntries([
    ...names().map((name) => [name, flagOf(definitions[name])] as const),
    ["config", { type: "string", multiple: true }] as const,
    ["help", { type: "boolean", short: "h" }] as const,
    ["version", { type: "boolean" }] as const,
  ]);
  const { tokens, values } = parseArgs({
    args: spreadBooleans(args),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional")
      throw new SettingError(`dispatch-server takes no argument, but got ${JSON.stringify(token.value)}`);
    if (token.kind === "option") refuseUnknownFlag(token.name, token.rawName, token.value, options);
  }
  return values as Flags;
}

function flagOf(definition: Definition): { type: "string" | "boolean"; multiple: boolean } {
  return { type: definition.type === "boolean" ? "boolean" : "string", multiple: true };
}

/** `--debug=false` is written as Go programs take it; parseArgs knows `--no-` only. */
function spreadBooleans(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [, name = "", value = ""] = /^--([\w-]+)=(.*)$/.exec(arg) ?? [];
    if (!(name in definitions) || definitions[name as SettingName].type !== "boolean") return [arg];
    return convert(definitions[name as SettingName], value, `--${name}`) ? [`--${name}`] : [];
  });
}

function refuseUnknownFlag(
  name: string,
  rawName: string,
  value: string | undefined,
  options: Readonly<Record<string, { type: string }>>,
): void {
  const option = options[name];
  if (option === undefined) {
    const hint = nearest(name, Object.keys(options));
    throw new SettingError(`unknown flag: ${rawName}${hint === undefined ? "" : ` (did you mean --${hint}?)`}`);
  }
  if (option.type === "string" && value === undefined) throw new SettingError(`flag needs an argument: ${rawName}`);
}

/** Keys of the older product that have no effect here pass; anything else that is unknown is an error. */
const IGNORED_KEYS =
  /^(db-(database|username|password)|resync-period|registry-auth|image-registry|disable-registry|image-manager|function-manager|secret-store|tracer|docker-host|lets-encrypt-domain|(local|image|apis|events|functions|identity)\..*)$/;

function refuseUnknownKeys(file: ReadonlyMap<string, unknown>, path: string): void {
  const known = new Set(names().flatMap((name) => keysOf(name)));
  for (const key of file.keys()) {
    if (known.has(key) || IGNORED_KEYS.test(key)) continue;
    const hint = nearest(key, [...known]);
    throw new SettingError(`unknown key ${key} in ${path}${hint === undefined ? "" : ` (did you mean ${hint}?)`}`);
  }
}

function keysOf(name: SettingName): string[] {
  const { section } = definitions[name] as Definition;
  return section === undefined ? [name] : [name, `${section}.${name}`];
}

function chosenValue(
  name: SettingName,
  flags: Flags,
  environment: Environment,
  file: ReadonlyMap<string, unknown>,
  path: string,
): SettingValue {
  const definition: Definition = definitions[name];
  const flag = flags[name];
  if (flag !== undefined) return convert(definition, definition.type === "list" ? flag : lastOf(flag), `--${name}`);
  const variable = environment[variableOf(name)];
  if (variable !== undefined && variable !== "") return convert(definition, variable, variableOf(name));
  for (const key of keysOf(name)) if (file.has(key)) return convert(definition, file.get(key), `${key} in ${path}`);
  return definition.type === "duration" ? (parseDuration(definition.default) ?? 0) : definition.default;
}

function lastOf(value: Flags[string]): string | boolean | undefined {
  return Array.isArray(value) ? value.at(-1) : value;
}
