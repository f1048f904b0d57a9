/** Help and usage, made from the command's own data. */
import type { Command, Flag } from "./command.ts";
import { globalFlags } from "./global-flags.ts";

/** The whole help of the last command of a path. */
export function helpText(path: readonly Command[]): string {
  const command = path.at(-1);
  if (!command) return "";
  return `${command.summary}\n\n${usageText(path)}`;
}

/** What follows an error: how to call the command, its flags, its examples. */
export function usageText(path: readonly Command[]): string {
  const command = path.at(-1);
  if (!command) return "";
  return [
    section("Usage", usageLines(path)),
    section("Aliases", aliasLine(command)),
    section(
      "Examples",
      command.examples.map((line) => `  ${line}`),
    ),
    section("Available Commands", childLines(command)),
    section("Flags", flagLines(ownFlags(command))),
    section("Global Flags", flagLines(globalFlags.filter((flag) => flag.name !== "help"))),
    command.commands ? [`Use "${lineOf(path)} [command] --help" for more information about a command.\n`] : [],
  ]
    .flat()
    .join("\n");
}

/** `dispatch create function`. */
export function lineOf(path: readonly Command[]): string {
  return path.map((command) => command.name).join(" ");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines, ""];
}

function usageLines(path: readonly Command[]): string[] {
  const command = path.at(-1);
  const line = lineOf(path);
  const names = (command?.arguments ?? []).map((argument) =>
    argument.optional ? `[${argument.name}]` : argument.name,
  );
  const lines = command?.load ? [`  ${[line, ...names, "[flags]"].join(" ")}`] : [];
  return command?.commands ? [...lines, `  ${line} [command]`] : lines;
}

function aliasLine(command: Command): string[] {
  return command.aliases ? [`  ${[command.name, ...command.aliases].join(", ")}`] : [];
}

function childLines(command: Command): string[] {
  const shown = (command.commands ?? []).filter((child) => !child.hidden);
  const width = Math.max(0, ...shown.map((child) => child.name.length));
  return shown.map((child) => `  ${child.name.padEnd(width)}   ${child.summary}`);
}

function ownFlags(command: Command): readonly Flag[] {
  return [...(command.flags ?? []), ...globalFlags.filter((flag) => flag.name === "help")];
}

const placeholders = {
  string: " string",
  boolean: "",
  integer: " int",
  slice: " strings",
  array: " stringArray",
} as const;

function flagLines(flags: readonly Flag[]): string[] {
  const shown = flags.filter((flag) => !flag.hidden).map((flag) => ({ flag, head: flagHead(flag) }));
  const width = Math.max(0, ...shown.map(({ head }) => head.length));
  return shown.map(({ flag, head }) => `${head.padEnd(width)}   ${flag.description}${shownDefault(flag)}`);
}

function flagHead(flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `  ${short}--${flag.name}${placeholders[flag.type]}`;
}

function shownDefault(flag: Flag): string {
  return flag.default === undefined ? "" : ` (default ${flag.default})`;
}
