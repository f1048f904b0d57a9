import type { Flag } from "./command.ts";
import { UsageError } from "./errors.ts";

/** The flags of one call, as the user gave them. */
export class Flags {
  private readonly values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.values = values;
  }

  /** The last value, or undefined when the flag was not given. */
  text(name: string): string | undefined {
    return this.values.get(name)?.at(-1);
  }

  given(name: string): boolean {
    return this.values.has(name);
  }

  on(name: string): boolean {
    return this.text(name) === "true";
  }

  integer(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** All values of a repeatable flag, `otherwise` when it was not given. */
  list(name: string, otherwise: readonly string[] = []): readonly string[] {
    return this.values.get(name) ?? otherwise;
  }
}

const trueWords: ReadonlySet<string> = new Set(["1", "t", "true"]);
const falseWords: ReadonlySet<string> = new Set(["0", "f", "false"]);

/** The values that one occurrence of a flag stands for. @throws UsageError when the value does not fit the type. */
export function flagValues(flag: Flag, value: string): readonly string[] {
  if (flag.type === "slice") return value.split(",");
  if (flag.type === "integer") return [integer(flag, value)];
  if (flag.type === "boolean") return [boolean(flag, value)];
  return [value];
}

function integer(flag: Flag, value: string): string {
  if (/^[+-]?\d+$/.test(value)) return String(Number(value));
  throw invalid(flag, value, "a whole number is needed");
}

function boolean(flag: Flag, value: string): string {
  const word = value.toLowerCase();
  if (trueWords.has(word)) return "true";
  if (falseWords.has(word)) return "false";
  throw invalid(flag, value, "true or false is needed");
}

function invalid(flag: Flag, value: string, why: string): UsageError {
  const names = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
  return new UsageError(`invalid argument ${JSON.stringify(value)} for "${names}" flag: ${why}`);
}
