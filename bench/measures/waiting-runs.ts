/** What runs that wait for their time cost a server on which nothing but time passes. */
import { setTimeout as sleep } from "node:timers/promises";
import { startDispatch } from "../dispatch-server.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import { cpuMicroseconds } from "../process-tree.ts";
import { headers } from "../rest.ts";
import { atMost, withUnit } from "../row.ts";
import { createFunction, createImage } from "../workspace.ts";

const SETTLE_MS = 3000;

export const waitingRuns: Measure = async ({ installation, clients, scheduled, idleSeconds }) => {
  const server = await startDispatch(installation);
  try {
    await createImage(server.rest, "nodejs");
    await createFunction(server.rest, "nodejs", "later");
    await server.rest.ready("/v1/function/later");
    const idle = async (): Promise<number> => {
      await sleep(SETTLE_MS);
      const before = cpuMicroseconds(server.pid);
      await sleep(idleSeconds * 1000);
      return (cpuMicroseconds(server.pid) - before) / (idleSeconds * 10_000);
    };
    const without = await idle();
    const startAt = new Date(Date.now() + 86_400_000).toISOString();
    const url = `${server.api}/v1/runs?functionName=later`;
    const { errors } = await load({ url, headers, body: JSON.stringify({ startAt }), status: 202 }, clients, scheduled);
    if (errors > 0) throw new Error(`${errors} of ${scheduled} runs were not taken`);
    const waiting = await idle();
    const many = scheduled.toLocaleString("en");
    const beside = `${withUnit(waiting, "%")} with them, ${withUnit(without, "%")} without`;
    return [
      atMost(
        `${many} runs that wait for their time, on an idle server`,
        waiting - without,
        1,
        "% of a processor",
        beside,
      ),
    ];
  } finally {
    await server.stop();
  }
};
