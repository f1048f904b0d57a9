/** The table of runs: statements for the recorder, paged reads for lists. */
import type { Selectable } from "kysely";
import { changeStatement } from "../shared/change-feed.ts";
import type { RunTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { type RunRecord, runFromRow } from "./record.ts";
import { acceptedWithin } from "./run-id.ts";

const columns = [
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
] as const satisfies readonly (keyof RunTable)[];

type Value = string | number | bigint | null;

const finishSql = `update runs set status = ?, finished = ?, output = ?, error = ?, stdout = ?, stderr = ?, reason = ?, attempt = ?
  where organization = ? and executed = ? and id = ?`;

/**
 * The run as it is now. One that is written with its end only was never heard of before, so nobody holds anything that a
 * change would have to tell of; half the writes of a busy server are saved that way.
 */
export function insertRun(run: RunRecord): Statement[] {
  const insert = sparseInsert([
    run.organization,
    run.id,
    run.functionName,
    run.functionId,
    run.faasId,
    run.status,
    run.blocking ? 1 : 0,
    run.executed,
    run.finished ?? null,
    run.input ?? null,
    ...results(run),
    run.secrets === null || run.secrets.length === 0 ? null : JSON.stringify(run.secrets),
    run.tags ?? null,
    run.httpContext ?? null,
    run.event ?? null,
    run.attempt,
    run.parent ?? null,
    run.depth,
    run.principal,
    run.idempotencyKey ?? null,
  ]);
  return run.finished === undefined ? [insert, change(run, 1)] : [insert];
}

/** Columns that would be null are left out: that is every second one of a run, and each would cost on its way. */
function sparseInsert(values: readonly Value[]): Statement {
  const parameters: Value[] = [];
  let present = 0;
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    parameters.push(value);
    present |= 1 << at;
  }
  return { sql: insertSql(present), parameters };
}

/** By the set of columns, one bit for each. */
const insertSqls = new Map<number, string>();

function insertSql(present: number): string {
  let sql = insertSqls.get(present);
  if (sql === undefined) {
    const names = columns.filter((_, at) => present & (1 << at));
    sql = `insert into runs (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`;
    insertSqls.set(present, sql);
  }
  return sql;
}

/** How it ended; the row must exist, unless the function was deleted meanwhile. */
export function finishRun(run: RunRecord): Statement[] {
  const parameters = [run.status, run.finished ?? null, ...results(run), run.attempt, ...key(run)];
  return [{ sql: finishSql, parameters }, change(run, 3)];
}

/** The handler is about to be entered. */
export function startRun(run: RunRecord): Statement[] {
  const sql = "update runs set status = ?, attempt = ? where organization = ? and executed = ? and id = ?";
  return [{ sql, parameters: [run.status, run.attempt, ...key(run)] }, change(run, 2)];
}

/** What finds the row: runs are kept in the order of their times. */
function key({ organization, executed, id }: RunRecord): Value[] {
  return [organization, executed, id];
}

function change({ organization, id }: RunRecord, generation: number): Statement {
  return changeStatement({ organization, kind: "Run", id, generation });
}

function results(run: RunRecord): (string | null)[] {
  return [
    run.output ?? null,
    run.error === undefined ? null : JSON.stringify(run.error),
    run.stdout === null ? null : JSON.stringify(run.stdout),
    run.stderr === null ? null : JSON.stringify(run.stderr),
    run.reason === null ? null : JSON.stringify(run.reason),
  ];
}

export interface RunSelection {
  readonly functionName?: string | undefined;
  readonly status?: string | undefined;
  /** Unix seconds: runs that changed later. */
  readonly since?: number | undefined;
  /** Unix seconds: runs that began before. */
  readonly until?: number | undefined;
  readonly limit?: number | undefined;
  /** Nanoseconds of the last run of the page before. */
  readonly cursor?: bigint | undefined;
}

const LATEST = 2n ** 63n - 1n;

/** Of any second, also of one that the database's clock does not reach. */
function nanosecondsOf(seconds: number): bigint {
  const exact = BigInt(seconds) * 1_000_000_000n;
  return exact > LATEST ? LATEST : exact < -LATEST ? -LATEST : exact;
}

export class RunStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Newest first. */
  async list(organization: string, selection: RunSelection): Promise<RunRecord[]> {
    let query = this.#database.query.selectFrom("runs").selectAll().where("organization", "=", organization);
    if (selection.functionName !== undefined) query = query.where("function_name", "=", selection.functionName);
    if (selection.status !== undefined) query = query.where("status", "=", selection.status);
    if (selection.since !== undefined) {
      const since = nanosecondsOf(selection.since);
      if (since > 0n) query = query.where(({ eb, fn }) => eb(fn.coalesce("finished", "executed"), ">", since));
    }
    if (selection.until !== undefined) query = query.where("executed", "<", nanosecondsOf(selection.until));
    if (selection.cursor !== undefined) query = query.where("executed", "<", selection.cursor);
    query = query.orderBy("executed", "desc");
    if (selection.limit !== undefined) query = query.limit(selection.limit);
    return (await query.execute()).map((row) => runFromRow(row as Selectable<RunTable>));
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

  /** Runs that a stop or a crash left without an end, of every organization, oldest first. */
  async unfinished(): Promise<RunRecord[]> {
    const query = this.#database.query.selectFrom("runs").selectAll().where("finished", "is", null);
    return (await query.orderBy("executed").execute()).map((row) => runFromRow(row as Selectable<RunTable>));
  }
}
