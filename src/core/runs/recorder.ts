/** What is written down of a run, and when (decisions 18b, architecture 6). */
import type { Functions } from "../functions/service.ts";
import { Secrets } from "../secrets/service.ts";
import { unixNanoseconds } from "../shared/clock.ts";
import { type Database, StaleWriteError, type Statement } from "../shared/ports.ts";
import {
  complete,
  enqueue,
  enqueueHeld,
  type HeldJob,
  heldFromBirth,
  type Job,
  renew,
  retryLater,
} from "../work/job.ts";
import { persist } from "../work/persist.ts";
import type { WorkQueue } from "../work/queue.ts";
import type { ActiveRun } from "./active-run.ts";
import { type Completions, completionOf } from "./completions.ts";
import { bindKey, freeKey } from "./idempotency.ts";
import type { RunRecord } from "./record.ts";
import { deleteRun, finishRun, insertRun, repeatRun, startRun } from "./store.ts";

export interface RecorderPorts {
  readonly database: Database;
  readonly functions: Functions;
  readonly queue: Pick<WorkQueue, "owner" | "hold" | "wake">;
  readonly completions: Completions;
  readonly log: { warn(details: object, message: string): void };
}

interface Hearing {
  /** The state of a long run was recorded. */
  recorded(record: RunRecord): void;
}

export class RunRecorder {
  readonly #ports: RecorderPorts & Hearing;
  #stopping = false;

  constructor(ports: RecorderPorts & Hearing) {
    this.#ports = ports;
  }

  /** The server stops: records that cannot be written now are not tried again. */
  stop(): void {
    this.#stopping = true;
  }

  /** The run is promised; one that nobody waits for is work that this server has. @throws DuplicateError when another run holds its key. */
  accept(run: ActiveRun, together: readonly Statement[] = []): Promise<void> {
    const { record } = run;
    const { database, queue } = this.#ports;
    const key = run.keyUse === undefined ? [] : bindKey(record, run.keyUse);
    run.recorded = true;
    if (record.blocking) return database.commit([...insertRun(record, queue.owner), ...key, ...together]);
    const job = workOf(run);
    const { startAt } = record;
    if (startAt !== undefined)
      return database.commit([...insertRun(record), enqueue(job, startAt), ...key, ...together]);
    run.job = heldFromBirth(job);
    return database.commit([...insertRun(record), enqueueHeld(job, queue.owner), ...key, ...together]);
  }

  /** For the unit of whoever starts a run that begins at once, and whose own work lasts to its end. */
  promise(run: ActiveRun): Statement[] {
    run.recorded = true;
    run.beginRecorded = true;
    run.record.status = "CREATING";
    return insertRun(run.record, this.#ports.queue.owner);
  }

  /** The handler of a promised run is about to be entered. @throws StaleWriteError when it is not this server's any more. */
  begin(run: ActiveRun): Promise<void> {
    run.record.status = "CREATING";
    return this.#ports.database.commit([...run.held(renew), ...startRun(run.record), ...useStatements(run)]);
  }

  /** Of a run that somebody waits for. `more` says that other runs are going on. */
  end(run: ActiveRun, more: boolean): Promise<void> {
    const { record } = run;
    const beside = joined(useStatements(run), this.#completion(record));
    const hasRow = run.recorded;
    run.recorded = true;
    if (!this.#hasFunction(record)) return this.#commitAny(beside, more);
    if (!hasRow) return this.#ports.database.commit(joined(insertRun(record), beside), more);
    const updated = this.#ports.database.commit([...finishRun(record), ...beside], more);
    return updated.catch((error: unknown) => this.#endWithoutRow(run, beside, error));
  }

  /** Of one that nobody waits for, together with its work; as soon as there is room on the disk. @throws StaleWriteError when it is not this server's any more. */
  endPromised(run: ActiveRun, more: boolean): Promise<void> {
    const { record } = run;
    const beside = [...run.held(complete), ...useStatements(run), ...this.#completion(record)];
    return this.#persist(run, async () => {
      if (!this.#hasFunction(record)) return this.#ports.database.commit(beside, more);
      const written = this.#ports.database.commit([...finishRun(record), ...beside], more);
      // Its row may have gone with its function.
      return written.catch((error: unknown) => this.#endDeleted(record, beside, error));
    });
  }

  /** The next attempt comes after a pause, in milliseconds. */
  repeat(run: ActiveRun, pause: number, error: string): Promise<void> {
    const put = run.job === undefined ? [enqueue(workOf(run), Date.now() + pause)] : retryLater(run.job, pause, error);
    const unit = [...repeatRun(run.record), ...put, ...useStatements(run)];
    return this.#persist(run, () => this.#ports.database.commit(unit));
  }

  #persist(run: ActiveRun, write: () => Promise<void>): Promise<void> {
    const { log } = this.#ports;
    const failed = (error: unknown): void =>
      log.warn({ err: error, run: run.record.id }, "the end of a run could not be recorded yet");
    return persist(write, () => !this.#stopping, failed);
  }

  #endDeleted(record: RunRecord, beside: readonly Statement[], error: unknown): Promise<void> {
    if (!(error instanceof StaleWriteError) || this.#hasFunction(record)) throw error;
    return this.#ports.database.commit(beside);
  }

  /** Its row could not be written while it ran, or went with its function. */
  #endWithoutRow(run: ActiveRun, beside: readonly Statement[], error: unknown): Promise<void> {
    const { record } = run;
    if (!(error instanceof StaleWriteError)) {
      this.#endLater(run, beside);
      throw error;
    }
    return this.#commitAny(this.#hasFunction(record) ? [...insertRun(record), ...beside] : beside);
  }

  /** The caller has heard that the run could not be recorded. If it has a row, that gets its end as soon as there is room. */
  #endLater(run: ActiveRun, beside: readonly Statement[]): void {
    const write = (): Promise<void> => this.#ports.database.commit([...finishRun(run.record), ...beside]);
    // When this fails, the row was deleted with its function, or the next start ends it.
    this.#persist(run, write).catch(() => {});
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
    const statements = isNew ? insertRun(record, this.#ports.queue.owner) : startRun(record);
    run.recorded = true;
    run.beginRecorded = begun;
    const { unaudited } = run;
    this.#ports.database.commit([...statements, ...useStatements(run)]).then(
      () => this.#ports.recorded(record),
      (error: unknown) => {
        run.unaudited = [...unaudited, ...run.unaudited];
        if (isNew) run.recorded = false;
        this.#ports.log.warn({ err: error, run: record.id }, "a long run could not be recorded");
      },
    );
  }

  /** Ends a run that is not active; `job` is its work, if it is any. */
  giveUp(record: RunRecord, message: string, job?: HeldJob): Promise<void> {
    return this.endInactive(record, message, job === undefined ? [] : complete(job));
  }

  /** The same, with what is committed together with that. */
  endInactive(record: RunRecord, message: string, beside: readonly Statement[]): Promise<void> {
    record.status = "ERROR";
    record.error = { type: "SystemError", message, stacktrace: null };
    record.reason = [`error running function: ${record.functionName}: ${message}`];
    record.finished = unixNanoseconds();
    return this.#ports.database.commit([...finishRun(record), ...beside, ...this.#completion(record)]);
  }

  #completion(record: RunRecord): readonly Statement[] {
    return completionOf(this.#ports.completions, record);
  }

  /** Runs of a function that was deleted meanwhile leave no record. */
  #hasFunction({ organization, functionName, functionId }: RunRecord): boolean {
    return this.#ports.functions.exists(organization, functionName, functionId);
  }
}

function workOf({ record: { organization, id } }: ActiveRun): Omit<Job, "orderKey"> {
  return { organization, kind: "run", id, payload: "{}", maxAttempts: 0 };
}

/** Most runs have nothing beside: then nothing is copied. */
function joined(first: readonly Statement[], second: readonly Statement[]): readonly Statement[] {
  if (second.length === 0) return first;
  return first.length === 0 ? second : [...first, ...second];
}

/** What the audit log has yet to say about the secrets that the run was given. */
function useStatements(run: ActiveRun): readonly Statement[] {
  if (run.unaudited.length === 0) return [];
  const statements = Secrets.useStatements(run.asPrincipal("internal"), run.record.organization, run.unaudited);
  run.unaudited = [];
  return statements;
}
