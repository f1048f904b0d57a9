/** One call of the command line, from its words to its exit status; it touches the process only through `Io`. */
import { ApiError, TransportError } from "../client/errors.ts";
import { createContext } from "./frame/create-context.ts";
import { CliError, messageOf, UsageError } from "./frame/errors.ts";
import { failureText } from "./frame/failure.ts";
import { type FoundCommand, findCommand } from "./frame/find-command.ts";
import { helpText, lineOf, usageText } from "./frame/help.ts";
import type { Io } from "./frame/io.ts";
import { checkArguments, parseWords } from "./frame/parse.ts";
import { unknownCommand } from "./frame/unknown-command.ts";
import { invalidFormat, outputFormat } from "./output/format.ts";
import { rootCommand } from "./verbs/root.ts";

/** Runs the words of a call (without the program's name) and returns the exit status (cli-and-runtimes.md 1.3). */
export async function runCli(words: readonly string[], io: Io): Promise<number> {
  const found = findCommand(rootCommand, words);
  try {
    return await runCommand(found, io);
  } catch (error) {
    io.stderr(errorText(error, found));
    return found.command.errorStatus ?? 1;
  }
}

async function runCommand({ path, command, words }: FoundCommand, io: Io): Promise<number> {
  // Help works before anything else is looked at; `help create api` is `create api --help`.
  if (command.name === "help") return showHelp(words, io);
  const { flags, args } = parseWords(command, words);
  if (flags.on("help")) return print(io, helpText(path));
  if (command.commands && args.length > 0) throw unknownCommand(path, args[0] ?? "");
  if (!command.load) return print(io, helpText(path));
  checkArguments(command, args);
  return callHandler({ path, command, words }, { flags, args }, io);
}

async function callHandler(found: FoundCommand, parsed: ReturnType<typeof parseWords>, io: Io): Promise<number> {
  const context = await createContext(found.path, parsed, io);
  const format = outputFormat(context.settings);
  if (format === undefined) {
    io.stdout(invalidFormat);
    return 1;
  }
  const handler = await found.command.load?.();
  try {
    return (await handler?.({ ...context, format })) ?? 0;
  } catch (error) {
    throw error instanceof ApiError ? new CliError(failureText(error, context.settings)) : error;
  }
}

function showHelp(words: readonly string[], io: Io): number {
  const { path, words: rest } = findCommand(rootCommand, words);
  const unknown = rest.find((word) => !word.startsWith("-"));
  if (unknown !== undefined) throw unknownCommand(path, unknown);
  return print(io, helpText(path));
}

function print(io: Io, text: string): number {
  io.stdout(text);
  return 0;
}

function errorText(error: unknown, { path }: FoundCommand): string {
  if (error instanceof UsageError)
    return `Error: ${error.message}\n${path.length > 1 ? usageText(path) : rootHint(path)}`;
  if (error instanceof CliError || error instanceof TransportError) return `${error.message}\n`;
  return `unexpected error in ${lineOf(path)}: ${messageOf(error)}\n`;
}

function rootHint(path: FoundCommand["path"]): string {
  return `Run '${lineOf(path)} --help' for usage.\n`;
}
