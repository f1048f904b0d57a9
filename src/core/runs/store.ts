/**
 * The table of runs: statements for the recorder, and single runs; lists are in run-list.ts. Nobody holds runs in memory that
 * another server has, so they are not in the change feed, where they would crowd out what is read there.
 */
import type { Selectable, UpdateQueryBuilder, UpdateResult } from "kysely";
import type { DatabaseSchema, RunTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { noWork } from "../work/no-work.ts";
import { type RunRecord, runFromRow } from "./record.ts";
import { acceptedWithin } from "./run-id.ts";

type RunRow = RunTable;

const columns: readonly (keyof RunRow)[] = [
  "organization",
  "id",
  "function_name",
  "function_id",
  "faas_id",
  "status",
  "blocking",
  "executed",
  "finished",
  "input",
  "output",
  "error",
  "stdout",
  "stderr",
  "reason",
  "secrets",
  "tags",
  "http_context",
  "event",
  "attempt",
  "parent",
  "depth",
  "principal",
  "idempotency_key",
  "people",
  "owner",
  "start_at",
  "title",
  "times",
];

/** Inserts the run as it is now. `owner` as in `RunTable`. */
export function insertRun(run: RunRecord, owner: string | null = null): Statement[] {
  return [sparseInsert(rowOf(run, owner))];
}

function rowOf(run: RunRecord, owner: string | null = null): RunRow {
  return {
    organization: run.organization,
    id: run.id,
    function_name: run.functionName,
    function_id: run.functionId,
    faas_id: run.faasId,
    status: run.status,
    blocking: run.blocking ? 1 : 0,
    executed: run.executed,
    finished: run.finished ?? null,
    input: run.input ?? null,
    output: run.output ?? null,
    error: json(run.error),
    stdout: json(run.stdout),
    stderr: json(run.stderr),
    reason: json(run.reason),
    secrets: run.secrets === null || run.secrets.length === 0 ? null : JSON.stringify(run.secrets),
    tags: run.tags ?? null,
    http_context: run.httpContext ?? null,
    event: run.event ?? null,
    attempt: run.attempt,
    parent: run.parent ?? null,
    depth: run.depth,
    principal: run.principal,
    idempotency_key: run.idempotencyKey ?? null,
    people: run.people === null ? null : run.people.join(" "),
    owner,
    start_at: run.startAt ?? null,
    title: run.title || null,
    times: run.times ?? null,
  };
}

/** By the set of columns that have a value, one bit for each. */
const inserts = new Map<number, (row: RunRow) => Statement>();

/** Columns that would be null are left out: that is every second one of a run, and each would cost on its way. */
function sparseInsert(row: RunRow): Statement {
  let present = 0;
  let bit = 1;
  for (const column of columns) {
    if (row[column] !== null) present |= bit;
    bit <<= 1;
  }
  let insert = inserts.get(present);
  if (insert === undefined) {
    insert = insertOf(columns.filter((_, at) => present & (1 << at)));
    inserts.set(present, insert);
  }
  return insert(row);
}

function insertOf(names: readonly (keyof RunRow)[]): (row: RunRow) => Statement {
  return statement((database, row: RunRow) =>
    database
      .insertInto("runs")
      .values(Object.fromEntries(names.map((name) => [name, row[name]])) as unknown as RunTable),
  );
}

const updateEnd = statement(
  (database, row: RunRow) =>
    byKey(database.updateTable("runs"), row).set({
      status: row.status,
      finished: row.finished,
      output: row.output,
      error: row.error,
      stdout: row.stdout,
      stderr: row.stderr,
      reason: row.reason,
      attempt: row.attempt,
      title: row.title,
      times: row.times,
    }),
  "one",
);

const updateLogs = statement((database, row: RunKey & Pick<RunTable, "stdout" | "stderr">) =>
  byKey(database.updateTable("runs"), row).set({ stdout: row.stdout, stderr: row.stderr }),
);

const updateStart = statement((database, row: RunKey & Pick<RunTable, "status" | "attempt" | "faas_id">) =>
  byKey(database.updateTable("runs"), row).set({ status: row.status, attempt: row.attempt, faas_id: row.faas_id }),
);

const updateAttempt = statement((database, row: RunKey & Pick<RunTable, "status" | "attempt" | "reason">) =>
  byKey(database.updateTable("runs"), row).set({ status: row.status, attempt: row.attempt, reason: row.reason }),
);

const removeRun = statement((database, row: RunKey) =>
  database
    .deleteFrom("runs")
    .where("organization", "=", row.organization)
    .where("executed", "=", row.executed)
    .where("id", "=", row.id),
);

/** For a run that is withdrawn. */
export function deleteRun({ organization, executed, id }: RunRecord): Statement {
  return removeRun({ organization, executed, id });
}

const removeWaiting = statement(
  (database, row: RunKey) =>
    database
      .deleteFrom("runs")
      .where("organization", "=", row.organization)
      .where("executed", "=", row.executed)
      .where("id", "=", row.id)
      .where("status", "=", "INITIALIZED")
      .where("attempt", "=", 1),
  "one",
);

/** The same, unless it has begun by now. */
export function deleteWaiting({ organization, executed, id }: RunRecord): Statement {
  return removeWaiting({ organization, executed, id });
}

type RunKey = Pick<RunTable, "organization" | "executed" | "id">;

/** Runs are kept in the order of their times. */
function byKey(
  update: UpdateQueryBuilder<DatabaseSchema, "runs", "runs", UpdateResult>,
  { organization, executed, id }: RunKey,
): typeof update {
  return update.where("organization", "=", organization).where("executed", "=", executed).where("id", "=", id);
}

/** How it ended; the row must exist, unless the function was deleted meanwhile. */
export function finishRun(run: RunRecord): Statement[] {
  return [updateEnd(rowOf(run))];
}

/** Its logs have grown after its end. */
export function keepLogs({ organization, executed, id, stdout, stderr }: RunRecord): Statement {
  return updateLogs({ organization, executed, id, stdout: json(stdout), stderr: json(stderr) });
}

/** The handler is about to be entered. */
export function startRun({ organization, executed, id, status, attempt, faasId }: RunRecord): Statement[] {
  return [updateStart({ organization, executed, id, status, attempt, faas_id: faasId })];
}

/** It waits for another attempt; the reason says why. */
export function repeatRun({ organization, executed, id, status, attempt, reason }: RunRecord): Statement[] {
  return [updateAttempt({ organization, executed, id, status, attempt, reason: json(reason) })];
}

function json(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

export class RunStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(organization: string, id: string): Promise<RunRecord | undefined> {
    const time = acceptedWithin(id);
    if (time === undefined) return undefined;
    const query = this.#database.query
      .selectFrom("runs")
      .selectAll()
      .where("organization", "=", organization)
      .where("executed", ">=", time.from)
      .where("executed", "<", time.before)
      .where("id", "=", id);
    const row = await query.executeTakeFirst();
    return row === undefined ? undefined : runFromRow(row as Selectable<RunTable>);
  }

  /** Runs without an end that nobody will end: this server had them when it died, and they are no work. Oldest first. */
  async abandoned(owner: string): Promise<RunRecord[]> {
    const rows = await this.#database.query
      .selectFrom("runs")
      .selectAll()
      .where("finished", "is", null)
      .where(({ eb, or }) => or([eb("owner", "is", null), eb("owner", "=", owner)]))
      .where(noWork("run", "runs"))
      .orderBy("executed")
      .execute();
    return rows.map((row) => runFromRow(row as Selectable<RunTable>));
  }
}
