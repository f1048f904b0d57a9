/**
 * JSON as it travels: numbers that a double would change (the nanoseconds of a run, a 20-digit id in an output, `1.0`)
 * keep their own text from the wire to the terminal.
 */

/** Fields of the wire that are int64 and become bigint (decisions.md 6). */
const exactIntegers: ReadonlySet<string> = new Set(["executedTime", "finishedTime"]);

/** A number may need its text only when it is long, or has a fraction or an exponent. */
const needsSource = /\d{16}|\d[.eE]/;

/**
 * Parses JSON; `executedTime` and `finishedTime` become bigint, other numbers that a double cannot show as written
 * become `JSON.rawJSON` objects, which `stringifyJson` prints verbatim.
 * @throws SyntaxError when the text is no JSON.
 */
export function parseJson(text: string): unknown {
  return needsSource.test(text) ? sourceText.parse(text, keepExact) : JSON.parse(text);
}

function keepExact(key: string, value: unknown, context: { readonly source?: string }): unknown {
  const source = context.source;
  if (typeof value !== "number" || source === undefined) return value;
  if (exactIntegers.has(key) && /^-?\d+$/.test(source)) return BigInt(source);
  return String(value) === source ? value : rawJson(source);
}

/** Prints what `parseJson` read, exactly; `indent` is a number of blanks. */
export function stringifyJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? rawJson(String(item)) : item),
    indent,
  );
}

interface SourceTextJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}

// Node 26 has them, the TypeScript library does not describe them yet.
const sourceText = JSON as unknown as SourceTextJson;

function rawJson(text: string): object {
  return sourceText.rawJSON(text);
}

/** The text of a number that `parseJson` kept verbatim; undefined for any other value. */
export function rawNumber(value: unknown): string | undefined {
  return sourceText.isRawJSON(value) ? value.rawJSON : undefined;
}
