import { findCommand } from "../args/find-command.ts";
import { flagsOf } from "../args/parse.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { isObject } from "../output/shape.ts";
import { text } from "../resources/kind.ts";
import { allKinds } from "../resources/kinds.ts";
import { fetchResources } from "./get.ts";

/** `__complete WORD...`: the words that may stand for the last one, one a line; nothing when none is known. */
export async function complete(context: Context): Promise<number> {
  const before = context.args.slice(0, -1);
  const last = context.args.at(-1) ?? "";
  const [root] = context.path;
  if (!root) return 0;
  const { command, words } = findCommand(root, before);
  const candidates = last.startsWith("-") ? flagWords(command) : await wordsAfter(context, command, words);
  const fitting = candidates.filter((candidate) => candidate.startsWith(last));
  context.io.stdout(fitting.map((candidate) => `${candidate}\n`).join(""));
  return 0;
}

function flagWords(command: Command): string[] {
  return flagsOf(command)
    .filter((flag) => !flag.hidden)
    .map((flag) => `--${flag.name}`);
}

async function wordsAfter(context: Context, command: Command, words: readonly string[]): Promise<string[]> {
  if (command.commands) return command.commands.filter((child) => !child.hidden).map((child) => child.name);
  const position = words.filter((word) => !word.startsWith("-")).length;
  const kind = command.arguments?.[position]?.completes;
  return kind === undefined ? [] : namesOf(context, kind);
}

async function namesOf(context: Context, kindName: string): Promise<string[]> {
  if (kindName === "context") return Object.keys(context.config.contexts);
  const kind = allKinds.find((candidate) => candidate.kind === kindName);
  if (!kind) return [];
  try {
    const answer = await fetchResources(context, kind, "");
    return Array.isArray(answer) ? answer.filter(isObject).map((resource) => text(resource, "name")) : [];
  } catch {
    // No server, no names: completion stays silent.
    return [];
  }
}
