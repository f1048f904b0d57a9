/** All settings, read once from flags, environment and configuration file, checked and frozen. Flag > environment > file > default. */

import type { Given } from "../frame/flags.ts";
import { type ServerCommand, type ServerCommandName, serverCommands } from "./commands.ts";
import { readConfigFile } from "./config-file.ts";
import { SettingError } from "./convert.ts";
import type { Settings } from "./definitions.ts";
import { type CommandLine, isOn, parseCommandLine } from "./flags.ts";
import { refuseUnknownKeys } from "./keys.ts";
import { type Resolved, resolveLegacy, resolveSettings, type Sources } from "./resolve.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the settings in force are, and what should be said about them. */
export interface InForce {
  readonly settings: Settings;
  /** The configuration file; "" is none. */
  readonly file: string;
  /** Every setting with its origin, those of the older product that are set among them. */
  readonly resolved: readonly Resolved[];
  /** Sentences for the log about settings without effect. */
  readonly notices: readonly string[];
}

/** `help` and `version` end the program before anything starts; a command does its work and ends. */
export type Invocation =
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly command?: ServerCommandName }
  | ({ readonly kind: "start" } & InForce)
  | ({
      readonly kind: "command";
      readonly command: ServerCommandName;
      readonly argument: string;
      /** The command's own flags: text, or true for a switch. */
      readonly options: Readonly<Record<string, string | boolean>>;
    } & InForce);

/** @throws SettingError with a sentence for the user. */
export async function readSettings(args: readonly string[], environment: Environment): Promise<Invocation> {
  const commandLine = parseCommandLine(args);
  const { flags, command, argument } = commandLine;
  if (isOn(flags, "help")) return { kind: "help", ...(command === undefined ? {} : { command }) };
  if (isOn(flags, "version")) return { kind: "version" };
  const inForce = await readInForce(commandLine, environment);
  if (command === undefined) return { kind: "start", ...inForce };
  return { kind: "command", command, argument, options: optionsOf(command, flags), ...inForce };
}

async function readInForce({ flags }: CommandLine, environment: Environment): Promise<InForce> {
  const path = String(flags.get("config")?.at(-1) || environment.DISPATCH_CONFIG || "");
  const file = path === "" ? new Map<string, unknown>() : await readConfigFile(path);
  const retired = refuseUnknownKeys(file, path);
  const sources: Sources = { flags, environment, file, path };
  const { settings, resolved } = resolveSettings(sources);
  const legacy = resolveLegacy(sources);
  const notices = [
    ...legacy.map(({ source, instead }) => `${source} has no effect here: ${instead}`),
    ...retired.map(({ key, instead }) => `${key} in ${path} has no effect here: ${instead}`),
    ...contradictions(settings),
  ];
  return { settings, file: path, resolved: [...resolved, ...legacy], notices };
}

function contradictions(settings: Settings): string[] {
  if (settings["enable-tls"]) return [];
  return (["disable-http", "lets-encrypt-domain", "tls-certificate"] as const)
    .filter((name) => settings[name] !== "" && settings[name] !== false)
    .map((name) => `${name} has no effect without --enable-tls`);
}

function optionsOf(command: ServerCommandName, flags: Given): Record<string, string | boolean> {
  const own: ServerCommand["flags"] = serverCommands[command].flags;
  const given = Object.entries(own).flatMap(([name, { type, choices }]) => {
    const value = flags.get(name)?.at(-1);
    if (value === undefined) return [];
    if (choices !== undefined && !choices.includes(value))
      throw new SettingError(`--${name} is ${JSON.stringify(value)}: expected ${choices.join(" or ")}`);
    return [[name, type === "boolean" ? value === "true" : value] as const];
  });
  return Object.fromEntries(given);
}
