/** One call of the command line, from its words to its exit status. */

import type { Context } from "./frame/context.ts";
import { createContext } from "./frame/context.ts";
import { failureText } from "./frame/failure.ts";
import type { Io } from "./frame/io.ts";
import { type Program, runProgram } from "./frame/program.ts";
import { globalFlags } from "./frame/settings.ts";
import { rootCommand } from "./verbs/root.ts";

const program: Program<Context> = {
  root: rootCommand,
  globals: globalFlags,
  context: createContext,
  failure: (error, context) => failureText(error, context?.settings),
};

/** Runs the words of a call (without the program's name) and returns the exit status. */
export function runCli(words: readonly string[], io: Io): Promise<number> {
  return runProgram(program, words, io);
}
