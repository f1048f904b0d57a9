/** Failures of runs: their words, and how much of them is kept. */
import { UncheckedError } from "../functions/schema/schemas.ts";
import { cut, LONGEST_LINE, LONGEST_TEXT } from "../shared/cut.ts";
import type { FunctionFailure } from "../shared/ports.ts";

/** `Input invalid against schema: ...`, one line for each violation (server.md 4.7). */
export function violationText(which: "Input" | "Output", violations: readonly string[]): string {
  return [`${which} invalid against schema: validation failure list:`, ...violations].join("\n");
}

/** Whose fault it is that a value could not be checked; undefined when the error is unexpected. */
export function uncheckedFailure(which: "Input" | "Output", error: unknown): FunctionFailure | undefined {
  if (!(error instanceof UncheckedError)) return undefined;
  const { bound, message } = error;
  const blamed = bound === "time" || bound === "memory" || bound === "depth";
  const type = !blamed ? "SystemError" : which === "Input" ? "InputError" : "FunctionError";
  const failure = { type, message: `${which} not checked: ${message}`, stacktrace: null } as const;
  return bound === "stop" ? { ...failure, interrupted: true } : failure;
}

const MOST_LINES = 100;

/** The error as it is recorded: cut where nobody reads on. Secrets must be masked before. */
export function recordable({ message, stacktrace, ...rest }: FunctionFailure): FunctionFailure {
  const lines = stacktrace?.slice(0, MOST_LINES).map((line) => cut(line, LONGEST_LINE)) ?? null;
  return { ...rest, message: cut(message, LONGEST_TEXT), stacktrace: lines };
}
