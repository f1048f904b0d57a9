/** Commands are data: the parser, the help and the completion derive from these objects. */
import type { Context } from "./context.ts";

/** `slice` splits values at commas, `array` takes each value as it is; both are repeatable. */
export type FlagType = "string" | "boolean" | "integer" | "slice" | "array";

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  readonly description: string;
  /** The default that the help shows; a handler reads the value through `Flags`. */
  readonly default?: string;
  /** Accepted, not shown. */
  readonly hidden?: true;
  readonly completes?: Completes;
}

/**
 * What completes a word: names of a kind (`Function` ...), words for types, names of the type before it, runs of the
 * function before it, contexts, or the file names that the shell knows.
 */
export type Completes = string | readonly string[];

export interface Argument {
  /** As the help shows it: `FUNCTION_NAME`. */
  readonly name: string;
  readonly optional?: true;
  readonly completes?: Completes;
}

/** Returns the exit status; nothing is 0. */
export type Handler = (context: Context) => Promise<number | undefined>;

export interface Command {
  readonly name: string;
  /** Further names; letter case and hyphens never count. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly arguments?: readonly Argument[];
  /** Further arguments are accepted and ignored, as they always were. */
  readonly ignoresExtra?: true;
  readonly flags?: readonly Flag[];
  /** Complete command lines. */
  readonly examples: readonly string[];
  readonly hidden?: true;
  readonly commands?: readonly Command[];
  /** Loads the handler only when it is called. A group without one prints its help. */
  readonly load?: () => Promise<Handler>;
  /** The exit status of a failure, where 1 means something else. */
  readonly errorStatus?: number;
  /** What stands for an unknown word below a group: `resource type`. */
  readonly childWord?: string;
}
