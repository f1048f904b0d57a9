/** The reference of all commands as Markdown, made from their own data. */
import type { Argument, Command, Flag } from "./command.ts";
import { globalFlags } from "./global-flags.ts";
import { lineOf } from "./help.ts";

/** docs/generated/cli.md. */
export function referenceText(root: Command): string {
  const all = visible([root]);
  return [
    "# Command reference",
    "",
    "Made from the commands themselves by scripts/cli-reference.ts; the guide to the command line is [guides/cli.md](../guides/cli.md).",
    "",
    ...all.map((path) => `- [${lineOf(path)}](#${anchor(path)})`),
    "",
    "## Flags of every command",
    "",
    ...flagTable(globalFlags),
    ...all.flatMap(section),
  ].join("\n");
}

type Path = readonly Command[];

/** A command and those below it, each with its path. */
function visible(path: Path): Path[] {
  const children = path.at(-1)?.commands ?? [];
  return [path, ...children.filter((child) => !child.hidden).flatMap((child) => visible([...path, child]))];
}

function anchor(path: Path): string {
  return lineOf(path).replaceAll(" ", "-");
}

function section(path: Path): string[] {
  const command = path.at(-1);
  if (!command) return [];
  return [
    `## ${lineOf(path)}`,
    "",
    `${command.summary}.`,
    "",
    ...usage(path, command).map((line) => `    ${line}`),
    "",
    ...aliasLines(command),
    ...flagTable(command.flags ?? []),
    "Examples:",
    "",
    ...command.examples.map((line) => `    ${line}`),
    "",
  ];
}

function usage(path: Path, command: Command): string[] {
  const words = (command.arguments ?? []).map((argument) => argumentWord(argument));
  const call = [lineOf(path), ...words, "[flags]"].join(" ");
  return [
    ...(command.load ? [call] : []),
    ...(command.commands ? [`${lineOf(path)} COMMAND`] : []),
    ...helpCall(command),
  ];
}

/** `help` has neither: it is answered before any command is looked for. */
function helpCall(command: Command): string[] {
  return command.load || command.commands ? [] : [`dispatch ${command.name} [COMMAND...]`];
}

function argumentWord({ name, optional }: Argument): string {
  return optional ? `[${name}]` : name;
}

function aliasLines({ aliases }: Command): string[] {
  return aliases ? [`Also: ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`, ""] : [];
}

const valueWords = { string: " TEXT", boolean: "", integer: " NUMBER", slice: " A,B", array: " TEXT" } as const;

function flagTable(flags: readonly Flag[]): string[] {
  const shown = flags.filter((flag) => !flag.hidden);
  if (shown.length === 0) return [];
  const rows = shown.map((flag) => `| \`${flagWord(flag)}\` | ${cell(flag.description)}${standard(flag)} |`);
  return ["| Flag | Meaning |", "|---|---|", ...rows, ""];
}

function flagWord({ name, short, type }: Flag): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${valueWords[type]}`;
}

function standard(flag: Flag): string {
  return flag.default === undefined ? "" : ` (default \`${cell(flag.default)}\`)`;
}

/** A bar would end the cell of the table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
