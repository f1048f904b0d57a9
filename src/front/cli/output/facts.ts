/** Aligned lines of field and value, as `describe` prints them. */

/** A field with its values, which stand below each other; without any it is not shown. */
export type Fact = readonly [title: string, values: readonly string[]];

/** All fields, aligned; a blank line inside a value stays. */
export function factLines(facts: readonly Fact[]): string {
  const shown = facts.filter(([, values]) => values.some((value) => value !== ""));
  const lines = shown.flatMap(([title, values]) =>
    values.map((value, index) => `${(index === 0 ? `${title}:` : "").padEnd(17)}${value}`.trimEnd()),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** The lines of a text, without its last newline; none of an empty one. */
export function textLines(value: string): readonly string[] {
  return value === "" ? [] : value.replace(/\n$/, "").split("\n");
}
