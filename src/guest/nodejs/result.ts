/** From what a handler returned to the JSON text of the result. */
import { attempt, type Failure } from "./failure.ts";

const unserialisable = (reason: string): Failure => ({
  type: "FunctionError",
  message: `the result cannot be written as JSON: ${reason}`,
  stacktrace: [],
});

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty"); // another realm's
};

/** `a Map`, `an AsyncGenerator`, `a Greeter`. */
const kindOf = (value: object): string => {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name = attempt(() => (tag === "Object" || tag === "Error" ? value.constructor.name : tag)) || tag;
  return `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`;
};

const HINTS: Readonly<Record<string, string>> = {
  "a Map": "return Object.fromEntries(map)",
  "a Set": "return [...set]",
  "a Response": "return await response.json() or await response.text()",
  "a Generator": "return [...generator]",
  "an AsyncGenerator": "return await Array.fromAsync(generator)",
};

/** Why a value's text is `{}` although it held something; undefined when nothing is lost. */
const lossOf = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null || isPlain(value)) return undefined;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return undefined;
  const kind = kindOf(value);
  if (value instanceof Error) return `it is ${kind}: ${value.message}`;
  const hint = HINTS[kind];
  return `it is ${kind}${hint === undefined ? "" : `; ${hint}`}`;
};

/** The JSON text of a result, or why there is none. */
export const serialise = (value: unknown, maxOutputBytes: number): string | Failure => {
  if (value === undefined) return "null";
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return unserialisable(`it is a ${typeof value}`);
    const loss = text === "{}" || value instanceof Error ? lossOf(value) : undefined;
    if (loss !== undefined) return unserialisable(loss);
    // A character is at most three bytes of UTF-8, so most texts need not be measured.
    if (text.length * 3 <= maxOutputBytes || Buffer.byteLength(text) <= maxOutputBytes) return text;
    return unserialisable(`it is longer than the limit of ${maxOutputBytes} bytes`);
  } catch (error) {
    const message = attempt(() => (error instanceof Error ? error.message.split("\n")[0] : String(error)));
    return unserialisable(message ?? "it cannot be read");
  }
};
