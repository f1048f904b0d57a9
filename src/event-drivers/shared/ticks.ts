import { UsageError } from "./flags.ts";

/** Milliseconds between two ticks. @throws UsageError */
export function readPause(seconds: string): number {
  const number = Number(seconds);
  if (!(number >= 0.1 && number <= 86_400)) {
    throw new UsageError(`seconds is ${seconds}: use a number from 0.1 to 86400`);
  }
  return number * 1000;
}
