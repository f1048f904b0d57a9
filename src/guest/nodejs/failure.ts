/** From whatever a handler threw to the error of the run. */
import { withoutFolder } from "./handler.ts";

export interface Failure {
  readonly type: "InputError" | "FunctionError";
  readonly message: string;
  readonly stacktrace: readonly string[];
}

const isInputError = (thrown: { readonly name?: unknown; readonly type?: unknown }): boolean =>
  thrown instanceof TypeError || thrown.name === "InputError" || thrown.type === "InputError";

/** The function's own frames; those of Node.js and of the guest help nobody. */
const ownFrames = (stack: string, folder: string): string[] =>
  stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && (line.includes(`${folder}/`) || line.includes("/node_modules/")));

const textOf = (thrown: unknown): string => {
  if (typeof thrown === "string") return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
};

// What is too long to be read by anybody is cut.
const LONGEST_MESSAGE = 16_384;
const MOST_LINES = 50;
const LONGEST_LINE = 500;

const cut = (failure: Failure): Failure => ({
  type: failure.type,
  message: failure.message.slice(0, LONGEST_MESSAGE),
  stacktrace: failure.stacktrace.slice(0, MOST_LINES).map((line) => line.slice(0, LONGEST_LINE)),
});

/** TypeError is the caller's fault by the specification (cli-and-runtimes.md 2.2), all else the function's. */
export const failureOf = (thrown: unknown, folder: string): Failure => {
  if (!(thrown instanceof Error)) return cut({ type: "FunctionError", message: textOf(thrown), stacktrace: [] });
  const message = thrown.message || thrown.name;
  const frames = ownFrames(thrown.stack ?? "", folder).map((line) => withoutFolder(line, folder));
  return cut({
    type: isInputError(thrown) ? "InputError" : "FunctionError",
    message,
    stacktrace: [`${thrown.name}: ${message}`, ...frames],
  });
};
