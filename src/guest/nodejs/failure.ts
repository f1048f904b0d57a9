/** From whatever a handler threw to the error of the run. */
import { inspect } from "node:util";
import { withoutFolder } from "./paths.ts";

export interface Failure {
  readonly type: "InputError" | "FunctionError";
  readonly message: string;
  readonly stacktrace: readonly string[];
}

/** The guest's own file when it is bundled, its folder when it runs from the source. */
const GUEST = import.meta.filename.endsWith("failure.ts") ? import.meta.dirname : import.meta.filename;

/** A chain of causes is followed to this depth, and this many errors of an AggregateError are told. */
const DEEPEST = 10;
const MOST_ERRORS = 20;

// Texts longer than anybody reads are cut.
const LONGEST_MESSAGE = 16_384;
const MOST_LINES = 50;
const LONGEST_LINE = 500;

/** Reads from an object of the function: its getters and conversions may throw. */
export const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const isError = (thrown: unknown): thrown is Error =>
  attempt(() => Error.isError(thrown) || thrown instanceof Error) === true;

const causeOf = (error: Error): unknown => attempt(() => error.cause);

/** The errors inside an AggregateError; of a SuppressedError (`using`) first the failure itself, then that of the disposal. */
const errorsOf = (error: Error): readonly unknown[] => {
  if (error instanceof SuppressedError) return attempt(() => [error.suppressed, error.error]) ?? [];
  const errors = attempt(() => (error as { errors?: unknown }).errors);
  return Array.isArray(errors) ? errors.slice(0, MOST_ERRORS) : [];
};

const stringOf = (read: () => unknown): string => {
  const text = attempt(read);
  return typeof text === "string" ? text : "";
};

/** The error's name; without one of its own that of its class, as Node.js shows it: `class InputError extends Error {}`. */
const nameOf = (error: Error): string => {
  const name = stringOf(() => error.name);
  return name === "" || name === "Error" ? stringOf(() => error.constructor.name) || "Error" : name;
};

const ownMessage = (error: Error): string => {
  const message: unknown = attempt(() => error.message);
  return typeof message === "object" || typeof message === "symbol" ? "" : String(message ?? "");
};

/** What JSON would lose is shown: errors by their message, the rest as Node.js shows it. */
const shownValue = (_key: string, value: unknown): unknown => {
  if (isError(value)) return ownMessage(value) || nameOf(value);
  if (typeof value === "bigint") return String(value);
  return value instanceof Map || value instanceof Set ? inspect(value, { breakLength: Infinity }) : value;
};

/** The text of a thrown value that is no Error: its JSON where that says something, else what Node.js shows of it. */
const valueText = (thrown: unknown): string => {
  if (thrown === "") return "an empty text was thrown";
  if (typeof thrown === "string") return thrown;
  if (thrown instanceof Map || thrown instanceof Set) return inspect(thrown, { breakLength: Infinity });
  const asText = (): string => String(thrown);
  const asShown = (): string => inspect(thrown, { breakLength: Infinity });
  const [second, third] = typeof thrown === "object" ? [asShown, asText] : [asText, asShown];
  return (
    attempt(() => JSON.stringify(thrown, typeof thrown === "object" ? shownValue : undefined)) ??
    attempt(second) ??
    attempt(third) ??
    "something was thrown that cannot be shown"
  );
};

const distinct = (texts: readonly string[]): string[] => [...new Set(texts.filter((text) => text !== ""))];

/** The message with its reasons: `fetch failed: getaddrinfo ENOTFOUND nosuch.invalid`, `All promises were rejected: a; b`; `outer` are the errors that it led to. */
export const messageOf = (thrown: unknown, outer: readonly unknown[] = []): string => {
  if (outer.includes(thrown)) return "";
  if (!isError(thrown)) return valueText(thrown);
  const message = ownMessage(thrown);
  if (outer.length >= DEEPEST) return message || nameOf(thrown);
  const within = [...outer, thrown];
  const errors = distinct(errorsOf(thrown).map((error) => messageOf(error, within))).join("; ");
  const cause = causeOf(thrown);
  const why = cause === undefined || cause === null || cause === "" ? "" : messageOf(cause, within);
  // An error that wraps another one often repeats its message: then the message is not told twice.
  const reasons = [errors, why].filter((reason) => reason !== "" && !message.includes(reason));
  return [message, ...reasons].filter((part) => part !== "").join(": ") || nameOf(thrown);
};

const hasCode = (thrown: unknown, depth = 0): boolean => {
  if (!isError(thrown) || depth >= DEEPEST) return false;
  if (typeof attempt(() => (thrown as { code?: unknown }).code) === "string") return true;
  return hasCode(causeOf(thrown), depth + 1) || errorsOf(thrown).some((error) => hasCode(error, depth + 1));
};

/** Whether this is the TypeError with which `fetch` reports a network failure: that is not the caller's mistake. */
const isNetworkFailure = (error: Error): boolean =>
  hasCode(causeOf(error)) || (ownMessage(error) === "fetch failed" && causeOf(error) !== undefined);

const isInputError = (error: Error): boolean => {
  if (nameOf(error) === "InputError" || attempt(() => (error as { type?: unknown }).type) === "InputError") return true;
  return error instanceof TypeError && !isNetworkFailure(error);
};

const isFrame = (line: string): boolean => /^\s+at /.test(line);

/** The frames above the guest's call of the handler; those of Node.js itself help nobody. */
const framesOf = (error: Error): string[] => {
  const lines = stringOf(() => error.stack)
    .split("\n")
    .filter(isFrame);
  const guest = lines.findIndex((line) => line.includes(GUEST));
  const own = guest < 0 ? lines : lines.slice(0, guest);
  return own.filter((line) => !/(\(|\s)node:/.test(line));
};

/** An error with everything that led to it, in the way of Node.js; `outer` are the errors that it led to. */
const trace = (thrown: unknown, indent: string, label: string, outer: readonly unknown[]): string[] => {
  if (outer.includes(thrown)) return [`${indent}${label}[Circular]`];
  if (!isError(thrown)) return [`${indent}${label}${valueText(thrown)}`];
  const name = nameOf(thrown);
  const message = ownMessage(thrown);
  const head = `${indent}${label}${message === "" ? name : `${name}: ${message}`}`;
  const own = [head, ...framesOf(thrown).map((line) => indent + line)];
  if (outer.length >= DEEPEST) return own;
  const inner = `${indent}  `;
  const within = [...outer, thrown];
  const errors = errorsOf(thrown).flatMap((error) => trace(error, inner, "[error]: ", within));
  const cause = causeOf(thrown);
  const why = cause === undefined || cause === null ? [] : trace(cause, inner, "[cause]: ", within);
  return [...own, ...errors, ...why];
};

const cut = (failure: Failure): Failure => ({
  type: failure.type,
  message: failure.message.slice(0, LONGEST_MESSAGE),
  stacktrace: failure.stacktrace.slice(0, MOST_LINES).map((line) => line.slice(0, LONGEST_LINE)),
});

/** What Node.js would print: the error, its frames in the function's files, its causes. */
export const traceOf = (thrown: unknown, folder: string): string[] =>
  trace(thrown, "", "", []).map((line) => withoutFolder(line, folder));

/** TypeError is the caller's fault by the specification (cli-and-runtimes.md 2.2), unless the network failed; all else is the function's. */
export const failureOf = (thrown: unknown, folder: string): Failure => {
  const message = messageOf(thrown);
  if (!isError(thrown)) return cut({ type: "FunctionError", message, stacktrace: [] });
  return cut({
    type: isInputError(thrown) ? "InputError" : "FunctionError",
    message,
    stacktrace: traceOf(thrown, folder),
  });
};
