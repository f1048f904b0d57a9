/** One call of a program, from its words to its exit status; it touches the process only through `Io`. */
import { messageOf } from "../core/shared/message-of.ts";
import { type Command, lineOf, type Path } from "./command.ts";
import { CliError, UsageError } from "./errors.ts";
import { type FlagTable, valuesOf } from "./flags.ts";
import { helpText, usageText } from "./help.ts";
import type { Io } from "./io.ts";
import { checkArguments, type Found, findCommand, type Parsed, parseWords, unknownCommand } from "./parse.ts";

export interface Program<C> {
  readonly root: Command<C>;
  /** Valid on every command. */
  readonly globals: FlagTable;
  /** What every command is given. @throws CliError for settings that cannot be used */
  context(path: Path<C>, parsed: Parsed, io: Io): Promise<C>;
  /** The words for an error that the frame does not know; undefined for one that nobody expected. */
  failure?(error: unknown, context: C | undefined): string | undefined;
}

/** Runs the words of a call (without the program's name) and returns the exit status (cli-and-runtimes.md 1.3). */
export async function runProgram<C>(program: Program<C>, words: readonly string[], io: Io): Promise<number> {
  const found = findCommand(program.root, program.globals, words);
  try {
    return await runFound(program, found, io);
  } catch (error) {
    io[error instanceof CliError ? error.stream : "stderr"](programError(program, found.path, error));
    return found.command.errorStatus ?? 1;
  }
}

async function runFound<C>(program: Program<C>, { path, command, words }: Found<C>, io: Io): Promise<number> {
  // Help works before anything else is looked at; `help create api` is `create api --help`.
  if (command.name === "help") return showHelp(program, words, io);
  const flags = { ...program.globals, ...command.flags };
  const parsed = parseWords(flags, words);
  if (parsed.given.get("help")?.at(-1) === "true") return print(io, helpText(path, program.globals));
  if (command.commands && parsed.args.length > 0) throw unknownCommand(path, parsed.args[0] ?? "");
  if (!command.run) return print(io, helpText(path, program.globals));
  checkArguments(command, parsed.args);
  const context = await program.context(path, parsed, io);
  try {
    const status = await command.run({ ...context, flags: valuesOf(flags, parsed.given) });
    return typeof status === "number" ? status : 0;
  } catch (error) {
    const text = program.failure?.(error, context);
    throw text === undefined ? error : new CliError(text);
  }
}

function showHelp<C>({ root, globals }: Program<C>, words: readonly string[], io: Io): number {
  const { path, words: rest } = findCommand(root, globals, words);
  const unknown = rest.find((word) => !word.startsWith("-"));
  if (unknown !== undefined) throw unknownCommand(path, unknown);
  return print(io, helpText(path, globals));
}

function print(io: Io, text: string): number {
  io.stdout(text);
  return 0;
}

/** A mistake in the command line itself: what is wrong, and the usage of the command or where it stands. */
export function usageErrorText(path: Path, globals: FlagTable, error: UsageError): string {
  const help = path.length > 1 ? usageText(path, globals) : `Run '${lineOf(path)} --help' for usage.\n`;
  return `Error: ${error.message}\n${help}`;
}

function programError<C>({ globals, failure }: Program<C>, path: Path<C>, error: unknown): string {
  if (error instanceof UsageError) return usageErrorText(path, globals, error);
  const known = error instanceof CliError ? error.message : failure?.(error, undefined);
  return `${known ?? `unexpected error in ${lineOf(path)}: ${messageOf(error)}`}\n`;
}
