/** What a container answered, as the outcome of a run: within the limits, and without the values of secrets. */
import { masked, type SecretMask } from "../../../core/shared/mask/mask.ts";
import type { FunctionFailure, InvocationListener, Outcome, RunLogs } from "../../../core/shared/ports.ts";
import { LogRecord } from "../process/log-capture.ts";
import type { Answer } from "./function-server.ts";

export interface OutcomeLimits {
  readonly maxLogBytes: number;
  readonly maxOutputBytes: number;
}

const recorded = (
  logs: RunLogs,
  listener: InvocationListener,
  limit: number,
  mask: (text: string) => string,
): RunLogs => {
  const record = new LogRecord(limit, listener);
  for (const stream of ["stdout", "stderr"] as const) {
    for (const line of logs[stream] ?? []) record.add(stream, mask(line), Buffer.byteLength(line) + 1);
  }
  return record.logs;
};

const tooLong = ({ maxOutputBytes }: OutcomeLimits): FunctionFailure => ({
  type: "FunctionError",
  message: `the result cannot be written as JSON: it is longer than the limit of ${maxOutputBytes} bytes`,
  stacktrace: null,
});

/** Of an answer that was not read to its end. Its lines of the log are part of it, so there are none. */
export const outcomeOfLongAnswer = (limits: OutcomeLimits): Outcome => ({
  logs: { stdout: null, stderr: null },
  error: tooLong(limits),
});

const maskedFailure = (failure: FunctionFailure, mask: (text: string) => string): FunctionFailure => ({
  ...failure,
  message: mask(failure.message),
  stacktrace: failure.stacktrace?.map(mask) ?? null,
});

/** Passes the lines of the logs to the listener and returns the outcome. */
export const outcomeOf = (
  { logs, output, error }: Answer,
  listener: InvocationListener,
  masks: ReadonlySet<SecretMask>,
  limits: OutcomeLimits,
): Outcome => {
  const mask = (text: string): string => (masks.size === 0 ? text : masked(masks, text));
  const kept = recorded(logs, listener, limits.maxLogBytes, mask);
  if (error !== undefined) return { logs: kept, error: maskedFailure(error, mask) };
  if (Buffer.byteLength(output) <= limits.maxOutputBytes) return { logs: kept, output };
  return { logs: kept, error: tooLong(limits) };
};
