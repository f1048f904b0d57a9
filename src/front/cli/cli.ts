/** One call of the command line, from its words to its exit status. */
import type { Io } from "../../frame/io.ts";
import { runProgram } from "../../frame/program.ts";
import { version } from "../../version.ts";
import { type Context, createContext } from "./context/context.ts";
import { failureText } from "./context/failure.ts";
import { globalFlags } from "./context/settings.ts";
import { rootCommand } from "./verbs/root.ts";

export async function runCli(words: readonly string[], io: Io): Promise<number> {
  if (words.length === 1 && words[0] === "--version") {
    io.stdout(`dispatch ${version}\n`);
    return 0;
  }
  const program = {
    root: await rootCommand(words),
    globals: globalFlags,
    context: createContext,
    failure: (error: unknown, context?: Context) => failureText(error, context?.settings),
  };
  return runProgram(program, words, io);
}
