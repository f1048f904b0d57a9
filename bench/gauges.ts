/** Reads single values out of the server's metrics. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Rest } from "./rest.ts";

const PATIENCE_MS = 60_000;

/** The sum over all label sets of a metric, or over those with this function. */
export function gauge(text: string, name: string, functionName?: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => functionName === undefined || line.includes(`function="${functionName}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Resolves when the sum of a metric is `wanted`. @throws Error when that takes too long. */
export async function reached(rest: Rest, name: string, wanted: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = gauge(await rest.metrics(), name);
    if (now === wanted) return;
    if (performance.now() > until) throw new Error(`${name} is still ${now} instead of ${wanted}`);
    await sleep(20);
  }
}
