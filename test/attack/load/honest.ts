/** Honest traffic beside an attack: a few callers who each send one small request after another. */
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../../../bench/statistics.ts";
import { send } from "../../e2e/support/http.ts";

export interface Honest {
  /** Milliseconds. */
  readonly p99: number;
  readonly requests: number;
  /** Answers of 5xx, and requests without an answer. */
  readonly failed: number;
}

const CALLERS = 4;
const PAUSE_MS = 25;

/** Calls for so long, and says how it was served. */
export async function honestTraffic(url: string, milliseconds: number): Promise<Honest> {
  const times: number[] = [];
  let failed = 0;
  const until = performance.now() + milliseconds;
  const call = async (): Promise<void> => {
    while (performance.now() < until) {
      const before = performance.now();
      const headers = { "content-type": "application/json" };
      const status = await send(url, { method: "POST", headers, body: '{"name":"Ada"}' }).then(
        (answer) => answer.status,
        () => 599,
      );
      times.push(performance.now() - before);
      if (status >= 500) failed++;
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  return { p99: percentile(times, 0.99), requests: times.length, failed };
}
