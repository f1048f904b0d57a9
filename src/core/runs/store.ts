/** The table of runs: statements for the recorder, paged reads for lists. */
import type { Selectable } from "kysely";
import { changeStatement } from "../shared/change-feed.ts";
import type { RunTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { type RunRecord, runFromRow } from "./record.ts";

const insertSql = `insert into runs (organization, id, function_name, function_id, faas_id, status, blocking, executed, finished,
  input, output, error, stdout, stderr, reason, secrets, tags, http_context, event, attempt, parent, depth, principal, idempotency_key)
  values (${Array(24).fill("?").join(", ")})`;

const finishSql = `update runs set status = ?, finished = ?, output = ?, error = ?, stdout = ?, stderr = ?, reason = ?, attempt = ?
  where organization = ? and id = ?`;

/**
 * The run as it is now. One that is written with its end only was never heard of before, so nobody holds anything that a
 * change would have to tell of; half the writes of a busy server are saved that way.
 */
export function insertRun(run: RunRecord): Statement[] {
  const parameters = [
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
  ];
  const insert = { sql: insertSql, parameters };
  return run.finished === undefined ? [insert, change(run, 1)] : [insert];
}

/** How it ended; the row must exist, unless the function was deleted meanwhile. */
export function finishRun(run: RunRecord): Statement[] {
  const parameters = [run.status, run.finished ?? null, ...results(run), run.attempt, run.organization, run.id];
  return [{ sql: finishSql, parameters }, change(run, 3)];
}

/** The handler is about to be entered. */
export function startRun(run: RunRecord): Statement[] {
  const sql = "update runs set status = ?, attempt = ? where organization = ? and id = ?";
  return [{ sql, parameters: [run.status, run.attempt, run.organization, run.id] }, change(run, 2)];
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
    const query = this.#database.query.selectFrom("runs").selectAll();
    const row = await query.where("organization", "=", organization).where("id", "=", id).executeTakeFirst();
    return row === undefined ? undefined : runFromRow(row as Selectable<RunTable>);
  }

  /** Runs that a stop or a crash left without an end, of every organization, oldest first. */
  async unfinished(): Promise<RunRecord[]> {
    const query = this.#database.query.selectFrom("runs").selectAll().where("finished", "is", null);
    return (await query.orderBy("executed").execute()).map((row) => runFromRow(row as Selectable<RunTable>));
  }
}
