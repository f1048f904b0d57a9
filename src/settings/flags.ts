/** The command line of dispatch-server, on the frame that dispatch has: an optional command with its argument, and flags in any place. */
import { type Command, needed } from "../frame/command.ts";
import type { UsageError } from "../frame/errors.ts";
import { array, type Flag, type FlagTable, type Given, on, text } from "../frame/flags.ts";
import { helpText } from "../frame/help.ts";
import { checkArguments, findCommand, parseWords, unknownCommand } from "../frame/parse.ts";
import { usageErrorText } from "../frame/program.ts";
import { type CommandFlag, type ServerCommand, type ServerCommandName, serverCommands } from "./commands.ts";
import { type Definition, definitions } from "./definitions.ts";
import { legacyFlags } from "./legacy.ts";

export interface CommandLine {
  readonly flags: Given;
  readonly command?: ServerCommandName;
  /** The command's own argument; "" when it takes none. */
  readonly argument: string;
}

/** Flags of every command: values are told from each other by the settings themselves, with where they came from. */
const globals: FlagTable = {
  help: on("this text, or that of a command", { short: "h" }),
  ...Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, settingFlag(definition)])),
  ...Object.fromEntries(Object.entries(legacyFlags).map(([name, { type }]) => [name, flagOf(type, "", true)])),
  config: text("a yaml, json or toml file of settings", { value: "FILE", group: "Everywhere" }),
  version: on("the version", { group: "Everywhere" }),
};

const root: Command<unknown> = {
  name: "dispatch-server",
  summary: "Run functions: behind HTTP endpoints, chat commands and events",
  notes: `Without a command the server starts. Every flag is also an environment variable (--data-dir: DISPATCH_DATA_DIR) and a key
of the file that --config or DISPATCH_CONFIG names (yaml, json or toml). A flag wins over the environment, the environment
over the file. dispatch-server config shows what is in force.`,
  examples: ["dispatch-server --data-dir /var/lib/dispatch --gateway-host 0.0.0.0"],
  commands: Object.entries(serverCommands).map(([name, command]) => commandOf(name, command)),
  run: async () => {},
};

function commandOf(name: string, { summary, argument, flags, example, notes }: ServerCommand): Command<unknown> {
  const own = Object.entries(flags).map(([flag, { type, help, ...look }]) => [flag, flagOf(type, help, false, look)]);
  return {
    name,
    summary,
    notes,
    ...(argument === undefined ? {} : { arguments: [needed(argument)] }),
    flags: Object.fromEntries(own),
    examples: [example],
    run: async () => {},
  };
}

function settingFlag(definition: Definition): Flag {
  const { type, help, group, value } = definition;
  const standard = defaultText(definition);
  const look = { group, ...(value === undefined ? {} : { value }), ...(standard === "" ? {} : { shown: standard }) };
  if (type === "boolean") return on(help, look);
  return type === "list" ? array(help, look) : text(help, look);
}

function defaultText({ type, default: value }: Definition): string {
  if (value === false || (type === "number" && value === 0)) return "";
  return Array.isArray(value) ? value.join(",") : String(value);
}

function flagOf(
  type: CommandFlag["type"],
  help: string,
  hidden: boolean,
  { short, value }: Partial<CommandFlag> = {},
): Flag {
  const look = {
    ...(hidden ? { hidden } : {}),
    ...(short === undefined ? {} : { short }),
    ...(value === undefined ? {} : { value }),
  };
  return type === "boolean" ? on(help, look) : text(help, look);
}

/** @throws UsageError for unknown flags, commands and arguments, with the nearest known word. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const { path, command, words: rest } = findCommand(root, globals, words);
  const { given, args } = parseWords({ ...globals, ...command.flags }, rest);
  const [argument = ""] = args;
  if (path.length === 1 && args.length > 0) throw unknownCommand(path, argument);
  if (!isOn(given, "help")) checkArguments(command, args);
  return { flags: given, argument, ...(path.length === 1 ? {} : { command: command.name as ServerCommandName }) };
}

/** Whether a switch is on. */
export function isOn(flags: Given, name: string): boolean {
  return flags.get(name)?.at(-1) === "true";
}

/** What `--help` prints, for the server or one of its commands. */
export function serverHelp(command?: ServerCommandName): string {
  return helpText(pathOf(command === undefined ? [] : [command]), globals);
}

/** What stands on stderr for a mistake in the words of a call. */
export function usageMistake(words: readonly string[], error: UsageError): string {
  return usageErrorText(findCommand(root, globals, words).path, globals, error);
}

function pathOf(words: readonly string[]) {
  return findCommand(root, globals, words).path;
}
