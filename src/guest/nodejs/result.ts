/** From what a handler returned to the JSON text of the result. */
import { attempt, type Failure } from "./failure.ts";
import { lossOf, obstacleOf } from "./loss.ts";

const unserialisable = (reason: string): Failure => ({
  type: "FunctionError",
  message: `the result cannot be written as JSON: ${reason}`,
  stacktrace: [],
});

const absenceOf = (value: unknown): string =>
  typeof value === "object" ? "its toJSON gives nothing" : `it is a ${typeof value}`;

/** Why a value is not null although JSON writes it as null, such as NaN; undefined for any other. */
const nothingOf = (value: unknown): string | undefined => {
  if (typeof value === "number") return `it is ${value}, which JSON does not know; return null or a text`;
  if (value instanceof Date) return "it is a Date that is no time";
  return undefined;
};

/** The JSON text of a result, or why there is none. */
export const serialise = (value: unknown, maxOutputBytes: number): string | Failure => {
  if (value === undefined) return "null";
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return unserialisable(absenceOf(value));
    const loss = text === "null" ? nothingOf(value) : lossOf(value);
    if (loss !== undefined) return unserialisable(loss);
    // A character is at most three bytes of UTF-8, so most texts need not be measured.
    if (text.length * 3 <= maxOutputBytes || Buffer.byteLength(text) <= maxOutputBytes) return text;
    return unserialisable(`it is longer than the limit of ${maxOutputBytes} bytes`);
  } catch (error) {
    const message = attempt(() => (error instanceof Error ? error.message.split("\n")[0] : String(error)));
    return unserialisable(obstacleOf(value) ?? message ?? "it cannot be read");
  }
};
