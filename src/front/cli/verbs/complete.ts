import type { Command, Completes } from "../frame/command.ts";
import type { Context } from "../frame/context.ts";
import { findCommand } from "../frame/find-command.ts";
import { flagsOf, parseWords } from "../frame/parse.ts";
import { text } from "../kinds/kind.ts";
import { allKinds, kindOfWord } from "../kinds/kinds.ts";
import { isObject } from "../output/shape.ts";
import { fetchResources } from "./get.ts";
import { fetchRuns } from "./runs.ts";

const completedRuns = 20;

/** `__complete WORD...`: the words that may stand for the last one, one a line; nothing when none is known. */
export async function complete(context: Context): Promise<number> {
  const before = context.args.slice(0, -1);
  const last = context.args.at(-1) ?? "";
  const [root] = context.path;
  if (!root) return 0;
  const { command, words } = findCommand(root, before);
  const fitting = (await candidates(context, command, words, last)).filter((candidate) => candidate.startsWith(last));
  context.io.stdout(fitting.map((candidate) => `${candidate}\n`).join(""));
  return 0;
}

async function candidates(
  context: Context,
  command: Command,
  words: readonly string[],
  last: string,
): Promise<readonly string[]> {
  const valued = flagBefore(command, words);
  const args = argumentsOf(command, valued ? words.slice(0, -1) : words);
  if (valued) return wordsFor(context, valued.completes, args);
  if (last.startsWith("-")) return flagWords(command);
  if (command.commands) return command.commands.filter((child) => !child.hidden).map((child) => child.name);
  return wordsFor(context, command.arguments?.[args.length]?.completes, args);
}

/** The flag whose value comes next. */
function flagBefore(command: Command, words: readonly string[]) {
  const word = words.at(-1) ?? "";
  const flag = flagsOf(command).find(({ name, short }) => word === `--${name}` || word === `-${short}`);
  return flag?.type === "boolean" ? undefined : flag;
}

function argumentsOf(command: Command, words: readonly string[]): readonly string[] {
  try {
    return parseWords(command, words).args;
  } catch {
    // A flag that does not exist: what follows is anybody's guess.
    return words.filter((word) => !word.startsWith("-"));
  }
}

function flagWords(command: Command): string[] {
  return flagsOf(command)
    .filter((flag) => !flag.hidden)
    .map((flag) => `--${flag.name}`);
}

async function wordsFor(
  context: Context,
  completes: Completes | undefined,
  args: readonly string[],
): Promise<readonly string[]> {
  if (completes === undefined || typeof completes !== "string") return completes ?? [];
  switch (completes) {
    case "context":
      return Object.keys(context.config.contexts);
    case "type":
      return allKinds.map((kind) => kind.word);
    case "name of type":
      return names(() => fetchNamed(context, kindOfWord(args.at(-1) ?? "")?.kind));
    case "run":
      return names(() => fetchRuns(context, { functionName: args[0], limit: completedRuns }));
    default:
      return names(() => fetchNamed(context, completes));
  }
}

async function fetchNamed(context: Context, kindName: string | undefined): Promise<unknown> {
  const kind = allKinds.find((candidate) => candidate.kind === kindName);
  return kind ? fetchResources(context, kind, "") : [];
}

async function names(fetch: () => Promise<unknown>): Promise<string[]> {
  try {
    const answer = await fetch();
    return Array.isArray(answer) ? answer.filter(isObject).map((resource) => text(resource, "name")) : [];
  } catch {
    // No server, no names: completion stays silent.
    return [];
  }
}
