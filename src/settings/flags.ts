/** The command line of dispatch-server: an optional command with its argument, and flags in any place. */
import { parseArgs } from "node:util";
import { nearest } from "../core/shared/nearest.ts";
import { type ServerCommand, type ServerCommandName, serverCommands } from "./commands.ts";
import { parseBoolean, SettingError } from "./convert.ts";
import { type Definition, definitions } from "./definitions.ts";
import { legacyFlags } from "./legacy.ts";

type FlagValue = string | boolean | (string | boolean)[] | undefined;

export type Flags = Readonly<Record<string, FlagValue>>;

export interface CommandLine {
  readonly flags: Flags;
  readonly command?: ServerCommandName;
  /** The command's own argument; "" when it takes none. */
  readonly argument: string;
}

interface Option {
  readonly type: "string" | "boolean";
  readonly multiple: boolean;
  readonly short?: string;
}

type Options = Readonly<Record<string, Option>>;

/** @throws SettingError for unknown flags, commands and arguments, with the nearest known word. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const named = commandIn(args);
  const options = optionsOf(named);
  const { tokens, values } = parseArgs({
    args: plainBooleans(args, options),
    options,
    strict: false,
    allowPositionals: true,
    allowNegative: true,
    tokens: true,
  });
  for (const token of tokens)
    if (token.kind === "option") refuseUnknownFlag(token.name, token.rawName, token.value, options);
  const words = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const flags = values as Flags;
  if (named === undefined) return { flags, argument: noArgument(words) };
  return { flags, command: named, argument: argumentOf(named, words.slice(1), flags.help === true) };
}

/** The last value of a flag counts. */
export function lastOf(value: FlagValue): string | boolean | undefined {
  return Array.isArray(value) ? value.at(-1) : value;
}

/** The first word that is neither a flag nor a flag's value. */
function commandIn(args: readonly string[]): ServerCommandName | undefined {
  const all = Object.keys(serverCommands) as ServerCommandName[];
  const options = Object.assign({}, optionsOf(undefined), ...all.map(optionsOf)) as Options;
  const { positionals } = parseArgs({
    args: plainBooleans(args, options),
    options,
    strict: false,
    allowPositionals: true,
    allowNegative: true,
  });
  return all.find((name) => name === positionals[0]);
}

function optionsOf(command: ServerCommandName | undefined): Options {
  const own: ServerCommand["flags"] = command === undefined ? {} : serverCommands[command].flags;
  return Object.fromEntries<Option>([
    ...Object.entries(definitions as Readonly<Record<string, Definition>>).map(
      ([name, { type }]) => [name, option(type === "boolean" ? "boolean" : "string")] as const,
    ),
    ...Object.entries(legacyFlags).map(([name, { type }]) => [name, option(type)] as const),
    ...Object.entries(own).map(([name, { type, short }]) => [name, option(type, short)] as const),
    ["config", option("string")],
    ["help", { ...option("boolean", "h"), multiple: false }],
    ["version", { ...option("boolean"), multiple: false }],
  ]);
}

function option(type: "string" | "boolean", short?: string): Option {
  return { type, multiple: true, ...(short === undefined ? {} : { short }) };
}

/** `--debug=false` is written as Go programs take it; parseArgs knows `--debug` and `--no-debug`. */
function plainBooleans(args: readonly string[], options: Options): string[] {
  return args.flatMap((arg) => {
    const [, name = "", value = ""] = /^--([\w-]+)=(.*)$/.exec(arg) ?? [];
    if (options[name]?.type !== "boolean") return [arg];
    return [parseBoolean(value, `--${name}`) ? `--${name}` : `--no-${name}`];
  });
}

function refuseUnknownFlag(name: string, rawName: string, value: string | undefined, options: Options): void {
  const known = options[name] ?? switchedOff(name, options);
  if (known === undefined) {
    const hint = nearest(name, Object.keys(options));
    throw new SettingError(`unknown flag: ${rawName}${hint === undefined ? "" : ` (did you mean --${hint}?)`}`);
  }
  if (known.type === "string" && value === undefined) throw new SettingError(`flag needs an argument: ${rawName}`);
}

function switchedOff(name: string, options: Options): Option | undefined {
  const switched = name.startsWith("no-") ? options[name.slice("no-".length)] : undefined;
  return switched?.type === "boolean" ? switched : undefined;
}

function noArgument([word]: readonly string[]): string {
  if (word === undefined) return "";
  const hint = nearest(word, Object.keys(serverCommands));
  throw new SettingError(
    `unknown command ${JSON.stringify(word)}${hint === undefined ? "" : ` (did you mean ${hint}?)`}: without a command dispatch-server starts the server`,
  );
}

function argumentOf(name: ServerCommandName, words: readonly string[], helps: boolean): string {
  const { argument, example }: ServerCommand = serverCommands[name];
  const [first, second] = words;
  const surplus = argument === undefined ? first : second;
  if (surplus !== undefined)
    throw new SettingError(`dispatch-server ${name} does not take ${JSON.stringify(surplus)}: for example ${example}`);
  if (argument !== undefined && first === undefined && !helps)
    throw new SettingError(`dispatch-server ${name} needs ${argument}: for example ${example}`);
  return first ?? "";
}
