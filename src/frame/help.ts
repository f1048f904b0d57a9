/** Help and usage, made from the command's own data. */
import { type Command, lineOf, namesOf, type Path, shownCommands } from "./command.ts";
import type { Flag, FlagTable } from "./flags.ts";

/** The whole help of the last command of a path. */
export function helpText(path: Path, globals: FlagTable): string {
  const { summary = "", notes } = path.at(-1) ?? {};
  return `${[summary, ...(notes === undefined ? [] : [notes])].join("\n\n")}\n\n${usageText(path, globals)}`;
}

/** What follows an error: how to call the command, its flags, its examples. */
export function usageText(path: Path, globals: FlagTable): string {
  const command = path.at(-1);
  if (!command) return "";
  const { help, ...others } = globals;
  return [
    section("Usage", usageLines(path, command, "[command]")),
    section("Aliases", command.aliases ? [namesOf(command).join(", ")] : []),
    section("Examples", command.examples),
    section("Available Commands", aligned(shownCommands(command).map(({ name, summary }) => [name, summary]))),
    section("Flags", flagLines({ ...command.flags, ...(help && { help }) })),
    ...globalSections(path, others),
    command.commands ? [`Use "${lineOf(path)} [command] --help" for more information about a command.\n`] : [],
  ]
    .flat()
    .join("\n");
}

/** Those that stand in groups are many: a command names the program's help instead of them. */
function globalSections(path: Path, flags: FlagTable): string[][] {
  const groups = Map.groupBy(Object.entries(flags), ([, { group }]) => group ?? "Global Flags");
  if (path.length > 1 && groups.size > 1)
    return [section("Global Flags", [`those of the program: ${lineOf(path.slice(0, 1))} --help`])];
  return [...groups].map(([title, own]) => section(title, flagLines(Object.fromEntries(own))));
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ""];
}

/** How a command is called; `child` stands for the commands below it. */
export function usageLines(path: Path, command: Command<unknown>, child: string): string[] {
  const line = lineOf(path);
  const words = (command.arguments ?? []).map(({ name, optional }) => (optional ? `[${name}]` : name));
  return [
    ...(command.run ? [[line, ...words, "[flags]"].join(" ")] : []),
    ...(command.commands ? [`${line} ${child}`] : []),
  ];
}

const placeholders = { string: " string", boolean: "", integer: " int", slice: " strings", array: " stringArray" };

function flagLines(flags: FlagTable): string[] {
  const rows = shownFlags(flags).map(([name, { short, type, value, shown, description }]) => {
    const head = flagWord(name, short, value === undefined ? placeholders[type] : ` ${value}`);
    const standard = shown === undefined ? "" : ` (default ${shown})`;
    return [short === undefined ? `    ${head}` : head, description + standard] as const;
  });
  return aligned(rows);
}

function aligned(rows: readonly (readonly [head: string, text: string])[]): string[] {
  const width = Math.max(0, ...rows.map(([head]) => head.length));
  return rows.map(([head, text]) => `${head.padEnd(width)}   ${text}`);
}

/** `-o, --output string`. */
export function flagWord(name: string, short: string | undefined, placeholder: string): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${placeholder}`;
}

export function shownFlags(flags: FlagTable): [name: string, flag: Flag][] {
  return Object.entries(flags).filter(([, flag]) => !flag.hidden);
}
