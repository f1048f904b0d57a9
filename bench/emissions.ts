/** Events for the measures: who emits them, who gets them, and when they were inside. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DispatchServer } from "./dispatch-server.ts";
import { gauge } from "./gauges.ts";
import type { Request } from "./load.ts";
import { headers, type Rest } from "./rest.ts";

/** A function that answers with the time at which it was entered: milliseconds of the machine's monotonic clock, the same in every process. */
export const ENTERED = `module.exports = (context, { n }) => ({ n, at: Number(process.hrtime.bigint()) / 1e6 });\n`;

export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

let emitted = 0;

/** Makes events of a type, all different. `sending` is called with the number that an event carries when it is sent. */
export function emission({ api }: DispatchServer, eventType: string, sending?: (n: number) => void): Request {
  const source = `bench-${emitted++}`;
  const body = (n: number): string => {
    sending?.(n);
    return JSON.stringify({ cloudEventsVersion: "0.1", eventType, source, eventID: String(n), data: { n } });
  };
  return { url: `${api}/v1/event`, headers, body };
}

export interface Wish {
  readonly name: string;
  readonly eventType: string;
  readonly function: string;
  readonly concurrency?: number;
  readonly retries?: number;
  readonly paused?: boolean;
}

export async function subscribe(rest: Rest, wish: Wish): Promise<void> {
  await rest.call("POST", "/v1/event/subscriptions", wish);
}

const PATIENCE_MS = 300_000;

/** Resolves when so many runs of a function have ended well. @throws Error when that takes too long */
export async function ran(rest: Rest, functionName: string, wanted: number, pause = 50): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = gauge(await rest.metrics(), "dispatch_runs_total", functionName);
    if (now >= wanted) return;
    if (performance.now() > until)
      throw new Error(`function ${functionName} has run ${now} times instead of ${wanted}`);
    await sleep(pause);
  }
}

interface Entered {
  readonly n: number;
  readonly at: number;
}

/** What the function answered, in the order in which its runs were accepted; all of them. */
export async function entries(rest: Rest, functionName: string): Promise<Entered[]> {
  const found: Entered[] = [];
  for (let cursor = ""; ; ) {
    const path = `/v1/runs?functionName=${functionName}&limit=1000${cursor && `&cursor=${cursor}`}`;
    const response = await fetch(rest.base + path, { headers });
    const runs = (await response.json()) as { readonly output?: Entered }[];
    found.push(...runs.flatMap(({ output }) => (output === undefined ? [] : [output])));
    cursor = response.headers.get("x-dispatch-next-cursor") ?? "";
    if (cursor === "") return found.reverse();
  }
}
