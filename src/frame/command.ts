/** Commands are data: the parser, the help and the completion derive from these objects. */
import type { Completes, FlagTable, Values } from "./flags.ts";

export interface Argument {
  /** As the help shows it: `FUNCTION_NAME`. */
  readonly name: string;
  readonly optional?: true;
  readonly completes?: Completes;
}

export function needed(name: string, completes?: Completes): Argument {
  return { name, ...(completes === undefined ? {} : { completes }) };
}

/** One that may be left out: it is "" then. */
export function optional(name: string, completes?: Completes): Argument {
  return { ...needed(name, completes), optional: true };
}

/** `C` is what the program gives to each of its commands besides the values of the command's flags. */
export interface Command<C, F extends FlagTable = FlagTable> {
  readonly name: string;
  /** Further names; letter case and hyphens never count. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What somebody should know before using it. */
  readonly notes?: string;
  readonly arguments?: readonly Argument[];
  /** Further arguments are accepted and ignored, as they always were. */
  readonly ignoresExtra?: true;
  readonly flags?: F;
  readonly examples: readonly string[];
  readonly hidden?: true;
  readonly commands?: readonly Command<C>[];
  /** The exit status of a failure, where 1 means something else. */
  readonly errorStatus?: number;
  /** What stands for an unknown word below a group: `resource type`. */
  readonly childWord?: string;
  /** The line of the command that has such a word in another group. */
  elsewhere?(word: string): string | undefined;
  /** Returns the exit status; nothing is 0. A group without it prints its help. */
  run?(context: C & { readonly flags: Values<F> }): Promise<number> | Promise<void>;
}

/** From the root down to a command. */
export type Path<C = unknown> = readonly Command<C>[];

/** `dispatch create function`. */
export function lineOf(path: Path): string {
  return path.map((command) => command.name).join(" ");
}

export function namesOf({ name, aliases = [] }: Command<unknown>): readonly string[] {
  return [name, ...aliases];
}

export function shownCommands<C>({ commands = [] }: Command<C>): readonly Command<C>[] {
  return commands.filter((child) => !child.hidden);
}

/** A word without what never counts: letter case and hyphens. */
export function plainWord(word: string): string {
  return word.toLowerCase().replaceAll("-", "");
}
