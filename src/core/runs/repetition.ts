/**
 * What is tried again, and when: a run that nobody waits for, `retries` times beyond the first, after growing pauses. A fault
 * of the system is a reason, and so is a restart in its middle; a fault of the function only where the function says so; a
 * wrong input never. A handler that was not entered can be tried again without asking.
 */
import type { Serving } from "../functions/revisions.ts";
import type { FunctionFailure } from "../shared/ports.ts";
import { kinds, pauseAfter } from "../work/kinds.ts";
import type { RunRecord } from "./record.ts";

type Rules = Pick<Serving, "retries" | "retryFunctionErrors">;

/** Beyond the first, for a run whose handler was not entered: what stood in its way may pass. */
const RETRIES_UNENTERED = 2;

export interface Attempt {
  /** From 1 on. */
  readonly attempt: number;
  /** Its handler was entered. */
  readonly entered: boolean;
}

/** Whether a failed attempt is followed by another. */
export function isRepeated(
  { attempt, entered }: Attempt,
  { type }: Pick<FunctionFailure, "type">,
  rules: Rules,
): boolean {
  if (type === "InputError" || (type === "FunctionError" && rules.retryFunctionErrors !== true)) return false;
  return attempt <= (entered ? rules.retries : Math.max(rules.retries, RETRIES_UNENTERED));
}

/** Milliseconds until the attempt after this one. */
export function pauseBeforeNext({ attempt }: Pick<RunRecord, "attempt">): number {
  return pauseAfter(attempt, kinds.run);
}

/** A run that was entered when its server ended. */
export function isRepeatedAfterRestart({ attempt }: Pick<RunRecord, "attempt">, rules: Rules): boolean {
  return attempt <= rules.retries;
}
