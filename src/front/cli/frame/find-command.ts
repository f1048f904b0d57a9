import type { Command, Flag } from "./command.ts";
import { globalFlags } from "./global-flags.ts";

export interface FoundCommand {
  /** From the root down to the command. */
  readonly path: readonly Command[];
  readonly command: Command;
  /** The words of the call without those that named the command. */
  readonly words: readonly string[];
}

/** Walks down the tree along the words that are no flags, wherever flags stand between them. */
export function findCommand(root: Command, words: readonly string[]): FoundCommand {
  const path: Command[] = [root];
  let rest = [...words];
  for (;;) {
    const command = path.at(-1) ?? root;
    const index = firstArgument(rest, valueTaking(command));
    const child = childNamed(command, rest[index]);
    if (!child) return { path, command, words: rest };
    path.push(child);
    rest = rest.toSpliced(index, 1);
  }
}

/** The child that a word names: singular, plural, with and without hyphens, in any letter case. */
export function childNamed(command: Command, word: string | undefined): Command | undefined {
  if (word === undefined) return undefined;
  const wanted = plain(word);
  return command.commands?.find((child) => namesOf(child).some((name) => plain(name) === wanted));
}

/** All words by which a command may be called. */
export function namesOf(command: Command): readonly string[] {
  return [command.name, ...(command.aliases ?? [])];
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll("-", "");
}

function firstArgument(words: readonly string[], takesValue: ReadonlySet<string>): number {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return -1;
    if (word === "-" || !word.startsWith("-")) return index;
    if (takesValue.has(word)) index++;
  }
  return -1;
}

/** `--flag` and `-f` of this command and those below it whose value is the next word. */
function valueTaking(command: Command, into: Set<string> = new Set()): ReadonlySet<string> {
  const own: readonly Flag[] = [...(command.flags ?? []), ...globalFlags];
  for (const flag of own) {
    if (flag.type === "boolean") continue;
    into.add(`--${flag.name}`);
    if (flag.short !== undefined) into.add(`-${flag.short}`);
  }
  for (const child of command.commands ?? []) valueTaking(child, into);
  return into;
}
