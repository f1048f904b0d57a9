/** What one worker does, in words for people. */
import { formatDuration } from "../shared/duration.ts";
import type { WorkerResource } from "./contract.ts";
import type { Slot } from "./slot.ts";

/** Why a worker starts for which nobody waits. */
export const startingWhy = (floor: number): string =>
  floor > 0 ? `minWarm ${floor}, or a new revision` : "a new revision is loaded";

/** `kept` says why it stays, where it does not end after a while. Milliseconds. */
export function slotReport(
  slot: Slot,
  now: number,
  idleTimeout: number,
  kept: string | undefined,
): Pick<WorkerResource, "name" | "state" | "run" | "since" | "why"> {
  const name = slot.worker.id;
  const idle = Math.max(0, Math.round(now - slot.idleSince));
  if (!slot.open) return { name, state: "ending", why: "ends: idle for long, replaced, or needed elsewhere" };
  if (slot.load > 0) return { name, ...busy(slot, now) };
  const rest = Math.max(0, Math.round((idleTimeout - idle) / 1000) * 1000);
  return { name, state: "idle", since: idle, why: kept ?? `ends in ${formatDuration(rest)} if nobody calls` };
}

function busy({ next, running, behind }: Slot, now: number): Pick<WorkerResource, "state" | "run" | "since" | "why"> {
  const run = next?.tag?.id;
  const since = running === undefined ? 0 : Math.max(0, Math.round(now - running.startedAt));
  const why = behind === 0 ? "runs" : `runs, and ${behind} more wait in it`;
  return { state: "busy", ...(run === undefined ? {} : { run }), since, why };
}
