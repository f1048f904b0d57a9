/**
 * Taking up again, after a start, what a stop or a crash left behind. Each attempt is on record before it begins and taken
 * back when it went well, so that a run that ends the server is found out, and given up in the end. Runs that were under
 * way when a server ended are taken up one by one: one of them was the cause.
 */
import type { RunTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import type { RunRecord } from "./record.ts";

/** A run without an end, and how often a server ended while it was taken up. */
export interface LeftBehind {
  readonly record: RunRecord;
  readonly recoveries: number;
}

export interface RecoveryPorts {
  readonly database: Database;
  readonly log: { warn(details: object, message: string): void };
  /** Takes it up; resolves when it is under way, or has ended. */
  readonly launch: (record: RunRecord) => Promise<void>;
  /** Ends it in ERROR. */
  readonly giveUp: (record: RunRecord, message: string) => Promise<void>;
}

const MOST_RECOVERIES = 3;

/** Never rejects: whatever is wrong with one run is said, and the others go on. */
export async function takeUp(ports: RecoveryPorts, found: readonly LeftBehind[]): Promise<void> {
  const fresh = found.filter(({ recoveries }) => recoveries === 0).map(({ record }) => record);
  await together(ports, fresh, 0);
  for (const { record, recoveries } of found) {
    if (recoveries >= MOST_RECOVERIES) await lastWord(ports, record, recoveries);
    else if (recoveries > 0) await together(ports, [record], recoveries);
  }
}

async function together(
  { database, log, launch }: RecoveryPorts,
  records: readonly RunRecord[],
  before: number,
): Promise<void> {
  if (records.length === 0) return;
  try {
    const note = (recoveries: number) => records.map((record) => setRecoveries({ ...keyOf(record), recoveries }));
    await database.commit(note(before + 1));
    await Promise.all(records.map(launch));
    await database.commit(note(0));
  } catch (error) {
    log.warn({ err: error, runs: records.length }, "runs that a stop left behind could not be taken up");
  }
}

async function lastWord({ log, giveUp }: RecoveryPorts, record: RunRecord, recoveries: number): Promise<void> {
  const message = `the server ended ${recoveries} times while it took up this run`;
  const facts = { organization: record.organization, run: record.id, function: record.functionName };
  log.warn(facts, `${message}: it is given up`);
  await giveUp(record, message).catch((error: unknown) => {
    log.warn({ ...facts, err: error }, "a run that was given up could not be recorded");
  });
}

const setRecoveries = statement((database, row: Pick<RunTable, "organization" | "executed" | "id" | "recoveries">) =>
  database
    .updateTable("runs")
    .set({ recoveries: row.recoveries })
    .where("organization", "=", row.organization)
    .where("executed", "=", row.executed)
    .where("id", "=", row.id),
);

function keyOf({ organization, executed, id }: RunRecord): Pick<RunTable, "organization" | "executed" | "id"> {
  return { organization, executed, id };
}
