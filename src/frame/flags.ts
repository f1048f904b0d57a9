/** Flags are data with a type: the parser, the help, the completion and the types of their values derive from them. */
import { invalidArgument } from "./errors.ts";

/** `slice` splits values at commas, `array` takes each value as it is; both are repeatable. */
export type FlagType = "string" | "boolean" | "integer" | "slice" | "array";

/**
 * What completes a word: names of a kind (`Function` ...), words for types, names of the type before it, runs of the
 * function before it, contexts, or the words themselves.
 */
export type Completes = string | readonly string[];

interface Look {
  readonly short?: string;
  /** Accepted, not shown. */
  readonly hidden?: true;
  readonly completes?: Completes;
  /** The key of its value in what is sent, where that is not its name. */
  readonly key?: string;
  /** What the help shows as the default, where something else than the flag decides it. */
  readonly shown?: string;
  /** The flag that this one is another word for. */
  readonly sameAs?: string;
  /** What stands for the value in the help; the type's word without. */
  readonly value?: string;
  /** The heading above it among the flags of every command. */
  readonly group?: string;
}

export interface Flag<Value = unknown> extends Look {
  readonly type: FlagType;
  readonly description: string;
  /** The value of the words that were given, the default for none. */
  readonly read: (given: readonly string[]) => Value;
}

/** By long name, in the order of the help. */
export type FlagTable = Readonly<Record<string, Flag>>;

export type Values<F extends FlagTable> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer Value> ? Value : never;
};

type Options<Default> = Look & { readonly default?: Default };

/** A text; the last one counts. */
export const text = single("string", String);

/** A text for which these words are meant; the help names them after its description. */
export function choice<D extends string | undefined = undefined>(
  description: string,
  words: readonly string[],
  options: Options<D> = {},
): Flag<string | D> {
  const named = words.join(", ").replace(/, ([^,]*)$/, " or $1");
  return text(`${description} ${named}`.trimStart(), { completes: words, ...options });
}

export const integer = single("integer", Number);

function single<T>(type: FlagType, parsed: (word: string | undefined) => T) {
  return <D extends T | undefined = undefined>(description: string, options: Options<D> = {}): Flag<T | D> => {
    const read = (given: readonly string[]) => (given.length === 0 ? (options.default as D) : parsed(given.at(-1)));
    return { ...lookOf(options), type, description, read };
  };
}

/** A switch, off by default. */
export function on(description: string, look: Look = {}): Flag<boolean> {
  return { ...look, type: "boolean", description, read: (given) => given.at(-1) === "true" };
}

/** Words that commas or repeating the flag separate. */
export const slice = several("slice");

/** Whole values of a flag that is repeated. */
export const array = several("array");

function several(type: FlagType) {
  return (description: string, options: Options<readonly string[]> = {}): Flag<readonly string[]> => {
    const read = (given: readonly string[]) => (given.length === 0 ? (options.default ?? []) : given);
    return { ...lookOf(options), type, description, read };
  };
}

function lookOf({ default: value, ...look }: Options<unknown>): Look {
  return value === undefined ? look : { shown: String(value), ...look };
}

export type Given = ReadonlyMap<string, readonly string[]>;

export function valuesOf<F extends FlagTable>(flags: F, given: Given): Values<F> {
  const entries = Object.entries(flags).map(([name, flag]) => [name, flag.read(given.get(name) ?? [])]);
  return Object.fromEntries(entries) as Values<F>;
}

/** Whether a word means yes; undefined for one that means neither. */
export function booleanOf(word: string): boolean | undefined {
  if (/^(1|t|true|yes|on)$/i.test(word)) return true;
  return /^(0|f|false|no|off)$/i.test(word) ? false : undefined;
}

/** What one occurrence of a flag stands for. @throws UsageError when the value does not fit the type. */
export function wordsOf(name: string, flag: Flag, value: string): readonly string[] {
  if (flag.type === "slice") return value.split(",");
  if (flag.type === "integer")
    return [/^[+-]?\d+$/.test(value) ? String(Number(value)) : refuse("a whole number is needed")];
  if (flag.type === "boolean") return [String(booleanOf(value) ?? refuse("true or false is needed"))];
  return [value];

  function refuse(why: string): never {
    const names = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
    throw invalidArgument(names, value, why);
  }
}
