/** What is written down of a run, and when (decisions 18b, architecture 6). */
import type { Functions } from "../functions/service.ts";
import { acknowledge, claim, enqueue, type Job } from "../jobs/jobs.ts";
import { Secrets } from "../secrets/service.ts";
import { unixNanoseconds } from "../shared/clock.ts";
import { type Database, StaleWriteError, type Statement } from "../shared/ports.ts";
import type { ActiveRun } from "./active-run.ts";
import { bindKey, freeKey } from "./idempotency.ts";
import type { RunRecord } from "./record.ts";
import { deleteRun, finishRun, insertRun, startRun } from "./store.ts";

export interface RecorderPorts {
  readonly database: Database;
  readonly functions: Functions;
  /** Names this process in leases. */
  readonly owner: string;
  readonly log: { warn(details: object, message: string): void };
}

const LEASE_MS = 60 * 60 * 1000;

export class RunRecorder {
  readonly #ports: RecorderPorts;

  constructor(ports: RecorderPorts) {
    this.#ports = ports;
  }

  /** The run is promised. @throws DuplicateError when another run holds its key. */
  accept(run: ActiveRun, together: readonly Statement[] = []): Promise<void> {
    const { record } = run;
    const key = run.keyUse === undefined ? [] : bindKey(record, run.keyUse);
    const job = record.blocking ? [] : [enqueue(jobOf(record))];
    run.recorded = true;
    return this.#ports.database.commit([...insertRun(record), ...job, ...key, ...together]);
  }

  /** The handler of a promised run is about to be entered. @throws StaleWriteError when somebody else holds its job. */
  claim(run: ActiveRun): Promise<void> {
    run.record.status = "CREATING";
    return this.#ports.database.commit([
      claim(jobOf(run.record), this.#ports.owner, Date.now() + LEASE_MS),
      ...startRun(run.record),
      ...useStatements(run),
    ]);
  }

  /** `more` says that other runs are going on. */
  end(run: ActiveRun, more: boolean): Promise<void> {
    const { record } = run;
    const beside = useStatements(run);
    if (!record.blocking) beside.push(acknowledge(jobOf(record)));
    const hasRow = run.recorded;
    run.recorded = true;
    if (!this.#hasFunction(record)) return this.#commitAny(beside, more);
    if (!hasRow) return this.#ports.database.commit([...insertRun(record), ...beside], more);
    const updated = this.#ports.database.commit([...finishRun(record), ...beside], more);
    return updated.catch((error: unknown) => this.#endWithoutRow(record, beside, error));
  }

  /** Its row could not be written while it ran, or went with its function. */
  #endWithoutRow(record: RunRecord, beside: readonly Statement[], error: unknown): Promise<void> {
    if (!(error instanceof StaleWriteError)) throw error;
    return this.#commitAny(this.#hasFunction(record) ? [...insertRun(record), ...beside] : beside);
  }

  #commitAny(statements: readonly Statement[], more?: boolean): Promise<void> {
    return statements.length === 0 ? Promise.resolve() : this.#ports.database.commit(statements, more);
  }

  /** It never began and never will: nothing of it remains, and its key is free. */
  withdraw(run: ActiveRun): Promise<void> {
    const { record } = run;
    const key = run.keyUse === undefined ? [] : [freeKey(record, run.keyUse)];
    return this.#ports.database.commit([deleteRun(record), ...key, ...useStatements(run)]);
  }

  /** A blocking run lasts: that it exists; and that it has begun, when that was not yet written down. */
  alive(run: ActiveRun): void {
    const { record } = run;
    const begun = record.status === "CREATING";
    if (record.finished !== undefined || !this.#hasFunction(record)) return;
    if (run.recorded && (!begun || run.beginRecorded || !record.blocking)) return;
    const isNew = !run.recorded;
    const statements = isNew ? insertRun(record) : startRun(record);
    run.recorded = true;
    run.beginRecorded = begun;
    const { unaudited } = run;
    this.#ports.database.commit([...statements, ...useStatements(run)]).catch((error: unknown) => {
      run.unaudited = [...unaudited, ...run.unaudited];
      if (isNew) run.recorded = false;
      this.#ports.log.warn({ err: error, run: record.id }, "a long run could not be recorded");
    });
  }

  /** What a restart found half done and nobody tries again. */
  interrupted(record: RunRecord, message = "interrupted by a restart"): Promise<void> {
    record.status = "ERROR";
    record.error = { type: "SystemError", message, stacktrace: null };
    record.reason = [`error running function: ${record.functionName}: ${message}`];
    record.finished = unixNanoseconds();
    return this.#ports.database.commit([...finishRun(record), acknowledge(jobOf(record))]);
  }

  /** Runs of a function that was deleted meanwhile leave no record. */
  #hasFunction({ organization, functionName, functionId }: RunRecord): boolean {
    return this.#ports.functions.exists(organization, functionName, functionId);
  }
}

/** What the audit log has yet to say about the secrets that the run was given. */
function useStatements(run: ActiveRun): Statement[] {
  if (run.unaudited.length === 0) return [];
  const statements = Secrets.useStatements(run.asPrincipal("internal"), run.record.organization, run.unaudited);
  run.unaudited = [];
  return statements;
}

function jobOf({ organization, id }: RunRecord): Job {
  return { organization, id, kind: "run" };
}
