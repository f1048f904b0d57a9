/** What things that wait cost a server on which nothing but time passes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DispatchServer } from "./dispatch-server.ts";
import type { Options } from "./options.ts";
import { cpuMicroseconds } from "./process-tree.ts";
import { atMost, type Row, withUnit } from "./row.ts";

/** What was made leaves work behind, such as the collection of memory: it is over by then, in milliseconds. */
const SETTLED_MS = 15_000;

/** `make` makes so many of what waits; the server with all its processes is looked at before and after. */
export async function costOfWaiting(
  what: string,
  { pid }: DispatchServer,
  { scheduled, idleSeconds }: Options,
  make: () => Promise<void>,
): Promise<Row> {
  const idle = async (): Promise<number> => {
    await sleep(Math.min(SETTLED_MS, idleSeconds * 1000));
    const before = cpuMicroseconds(pid);
    await sleep(idleSeconds * 1000);
    return (cpuMicroseconds(pid) - before) / (idleSeconds * 10_000);
  };
  const without = await idle();
  await make();
  const waiting = await idle();
  const beside = `${withUnit(waiting, "%")} with them, ${withUnit(without, "%")} without`;
  const name = `${scheduled.toLocaleString("en")} ${what} that wait for their time, on an idle server`;
  return atMost(name, waiting - without, 1, "% of a processor", beside);
}
