/** The reference of all commands as Markdown, made from their own data. */
import { type Command, lineOf, type Path, shownCommands } from "../src/frame/command.ts";
import type { Flag, FlagTable } from "../src/frame/flags.ts";
import { flagWord, shownFlags, usageLines } from "../src/frame/help.ts";

/** docs/generated/cli.md. */
export function referenceText(root: Command<unknown>, globals: FlagTable): string {
  const all = visible(root);
  return [
    "# Command reference",
    "",
    "Made from the commands themselves by scripts/cli-reference.ts; the guide to the command line is [guides/cli.md](../guides/cli.md).",
    "",
    ...all.map((path) => `- [${lineOf(path)}](#${lineOf(path).replaceAll(" ", "-")})`),
    "",
    "## Flags of every command",
    "",
    ...flagTable(globals),
    ...all.flatMap(section),
  ].join("\n");
}

/** A command and those below it, each with its path. */
function visible(command: Command<unknown>, above: Path = []): Path[] {
  const path = [...above, command];
  return [path, ...shownCommands(command).flatMap((child) => visible(child, path))];
}

function section(path: Path): string[] {
  const command = path.at(-1);
  if (!command) return [];
  const { summary, aliases, flags = {}, examples } = command;
  return [
    `## ${lineOf(path)}`,
    "",
    `${summary}.`,
    "",
    ...usage(path, command).map((line) => `    ${line}`),
    "",
    ...(aliases ? [`Also: ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`, ""] : []),
    ...flagTable(flags),
    "Examples:",
    "",
    ...examples.map((line) => `    ${line}`),
    "",
  ];
}

function usage(path: Path, command: Command<unknown>): string[] {
  // `help` has neither: it is answered before any command is looked for.
  if (!command.run && !command.commands) return [`${lineOf(path)} [COMMAND...]`];
  return usageLines(path, command, "COMMAND");
}

const valueWords = { string: " TEXT", boolean: "", integer: " NUMBER", slice: " A,B", array: " TEXT" };

function flagTable(flags: FlagTable): string[] {
  const rows = shownFlags(flags).map(
    ([name, flag]) => `| \`${flagWord(name, flag.short, valueWords[flag.type])}\` | ${meaning(flag)} |`,
  );
  return rows.length === 0 ? [] : ["| Flag | Meaning |", "|---|---|", ...rows, ""];
}

/** A bar would end the cell of the table. */
function meaning({ description, shown }: Flag): string {
  return `${description}${shown === undefined ? "" : ` (default \`${shown}\`)`}`.replaceAll("|", "\\|");
}
