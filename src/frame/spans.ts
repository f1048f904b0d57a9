/** Flags that are spans of time or points in time. */
import { parseDuration } from "../core/shared/duration.ts";
import { invalidArgument } from "./errors.ts";

/** Milliseconds of a span; a bare number is seconds. @throws UsageError */
export function spanMilliseconds(flag: string, value: string): number {
  const span = spanOf(value);
  if (span === undefined) throw invalidArgument(`--${flag}`, value, wanted);
  return span;
}

/** Unix seconds of a point in time that was given as a span, a date or seconds. @throws UsageError */
export function sinceSeconds(given: string | undefined, now: number): number | undefined {
  if (given === undefined) return undefined;
  if (/^-?\d{5,}$/.test(given)) return Number(given);
  const span = spanOf(given);
  const moment = span === undefined ? Date.parse(given) : now - span;
  if (Number.isNaN(moment)) throw invalidArgument("--since", given, `${wanted}, or a date like 2026-11-22T14:00:00Z`);
  return Math.floor(moment / 1000);
}

function spanOf(text: string): number | undefined {
  return parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
}

const wanted = "a span of time is needed, like 30s, 5m or 1h";
