/**
 * Which of many patterns cover an event type, without a look at each: those without wildcards by the type itself, the others
 * by its parts, from the first on.
 */

/** The patterns that begin with the same parts. */
interface Branch<T> {
  readonly next: Map<string, Branch<T>>;
  /** That end here. */
  readonly here: Entry<T>[];
  /** That end here with `>`. */
  readonly rest: Entry<T>[];
}

interface Entry<T> {
  readonly value: T;
  readonly place: number;
}

export class TypeIndex<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  readonly #root: Branch<T> = newBranch();

  constructor(values: readonly T[], patternOf: (value: T) => string) {
    for (const [place, value] of values.entries()) this.#add(patternOf(value), { value, place });
  }

  /** As `matches` of matching.ts says, in the order in which they were given. */
  of(eventType: string): T[] {
    const found = [...(this.#exact.get(eventType) ?? []), ...covering(this.#root, eventType.split("."))];
    return found.sort((one, other) => one.place - other.place).map(({ value }) => value);
  }

  #add(pattern: string, entry: Entry<T>): void {
    const parts = pattern.split(".");
    if (parts.some((part) => part === "*" || part === ">")) branchOf(this.#root, parts).push(entry);
    else this.#exact.set(pattern, [...(this.#exact.get(pattern) ?? []), entry]);
  }
}

function newBranch<T>(): Branch<T> {
  return { next: new Map(), here: [], rest: [] };
}

/** Where a pattern ends. */
function branchOf<T>(root: Branch<T>, parts: readonly string[]): Entry<T>[] {
  const isOpen = parts.at(-1) === ">";
  let branch = root;
  for (const part of isOpen ? parts.slice(0, -1) : parts) {
    const next = branch.next.get(part) ?? newBranch<T>();
    branch.next.set(part, next);
    branch = next;
  }
  return isOpen ? branch.rest : branch.here;
}

/** Each part leads to two branches at most, and no further than the patterns do. */
function covering<T>(root: Branch<T>, parts: readonly string[]): Entry<T>[] {
  const found: Entry<T>[] = [];
  let branches = [root];
  for (const part of parts) {
    for (const { rest } of branches) found.push(...rest);
    branches = branches.flatMap(({ next }) =>
      [...new Set([next.get(part), next.get("*")])].filter((one) => one !== undefined),
    );
    if (branches.length === 0) return found;
  }
  return [...found, ...branches.flatMap(({ here }) => here)];
}
