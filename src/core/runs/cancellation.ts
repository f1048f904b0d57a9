/**
 * Cancelling runs. One whose handler was not entered is withdrawn: nothing of it remains, and its key is free. One that goes on
 * is ended with the reason, which is on record before the caller hears of it, so that a restart in between ends it, too.
 */
import { auditStatement } from "../audit/audit.ts";
import type { Pool } from "../pool/pool.ts";
import { DispatchError } from "../shared/errors.ts";
import { type Database, StaleWriteError, type Statement } from "../shared/ports.ts";
import { type Principal, principalText } from "../shared/principal.ts";
import { repackByName, withdraw } from "../work/job.ts";
import type { ActiveRun } from "./active-run.ts";
import { freeKeyOfRun } from "./idempotency.ts";
import type { RunRecord } from "./record.ts";
import { deleteWaiting } from "./store.ts";

export interface CancellationPorts {
  readonly database: Database;
  readonly pool: Pool;
  /** The run as it is. @throws RUN_NOT_FOUND, FORBIDDEN */
  find(): Promise<RunRecord>;
  active(id: string): ActiveRun | undefined;
  /** Ends a run that is not active and that was entered before. `beside` is committed together with that. */
  end(record: RunRecord, message: string, beside: readonly Statement[]): Promise<void>;
}

/** What the work of a run says. */
interface RunPayload {
  /** Why it is to end. */
  readonly cancelled?: string;
}

/** Why the run of this work was cancelled, if it was. */
export function cancellationOf(payload: string): string | undefined {
  return (JSON.parse(payload) as RunPayload).cancelled;
}

/** Its end is waited for so long; then the answer shows it as it is. */
const END_WITHIN_MS = 5000;
const MOST_LOOKS = 10;

/** Returns the run as it was withdrawn, or as it ended. @throws RUN_NOT_FOUND, RUN_HAS_ENDED */
export async function cancelRun(principal: Principal, ports: CancellationPorts): Promise<RunRecord> {
  for (let look = 1; ; look++) {
    const record = await ports.find();
    if (record.finished !== undefined) throw new DispatchError("RUN_HAS_ENDED", { name: record.id });
    try {
      return await cancelAsItIs(principal, ports, record);
    } catch (error) {
      // Meanwhile it began, or ended.
      if (!(error instanceof StaleWriteError) || look >= MOST_LOOKS) throw error;
    }
  }
}

async function cancelAsItIs(principal: Principal, ports: CancellationPorts, record: RunRecord): Promise<RunRecord> {
  const { organization, id } = record;
  const reason = `cancelled by ${principalText(principal)}`;
  const audit = auditStatement({ principal, action: "cancel", organization, kind: "Run", name: id });
  const run = ports.active(id);
  const isWaiting = record.status === "INITIALIZED" && record.attempt === 1 && run?.begun !== true;
  if (isWaiting) return withdrawWaiting(ports, record, run, [audit]);
  const name = { organization, kind: "run", id };
  if (run === undefined) {
    await ports.end(record, reason, [withdraw(name), audit]);
    return record;
  }
  const note = run.job === undefined ? [] : [repackByName(name, JSON.stringify({ cancelled: reason }))];
  await ports.database.commit([...note, audit]);
  run.cancelled = reason;
  ports.pool.cancel(run);
  await Promise.race([run.wait(), new Promise((resolve) => setTimeout(resolve, END_WITHIN_MS).unref())]);
  return run.record;
}

/** Who holds its work fails to enter its handler from then on. */
async function withdrawWaiting(
  { database, pool }: CancellationPorts,
  record: RunRecord,
  run: ActiveRun | undefined,
  beside: readonly Statement[],
): Promise<RunRecord> {
  const { organization, id, blocking } = record;
  const work = blocking ? [] : [withdraw({ organization, kind: "run", id })];
  await database.commit([deleteWaiting(record), ...work, freeKeyOfRun(record), ...beside]);
  if (run !== undefined) {
    run.withdrawn = true;
    pool.cancel(run);
  }
  return record;
}
