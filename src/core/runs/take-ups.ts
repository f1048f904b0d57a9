/**
 * Runs that come out of the queue: those that a stop or a crash left behind, those that are tried again, those whose time has
 * come. Each take-up is counted in the queue before it begins, and the count is cleared when it went well. So a run that ends the
 * server is found: what was being taken up at that moment is taken up alone from then on, and given up in the end.
 */
import type { Pool } from "../pool/pool.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Database } from "../shared/ports.ts";
import { complete, count, type HeldJob } from "../work/job.ts";
import { NotNowError, type Perform } from "../work/worker.ts";
import type { ActiveRun } from "./active-run.ts";
import type { RunRecord } from "./record.ts";
import type { RunStore } from "./store.ts";

export interface TakeUpPorts {
  readonly database: Database;
  readonly pool: Pool;
  readonly log: { warn(details: object, message: string): void };
  /** The run as an active one again; the sentence that ends it when it cannot be. */
  revive(record: RunRecord, job: HeldJob): ActiveRun | string;
  /** Resolves when it is under way, or has ended. */
  launch(run: ActiveRun): Promise<void>;
  /** It will not be launched now: forget what `revive` made. */
  leave(run: ActiveRun): void;
  /** Ends it in ERROR. */
  giveUp(record: RunRecord, job: HeldJob, message: string): Promise<void>;
}

const MOST_TAKE_UPS = 3;
/** So many of one function at once, so that it does not keep the others out. */
const MOST_OF_ONE = 64;
const FULL_PAUSE_MS = 1000;

export class TakeUps {
  readonly #ports: TakeUpPorts;
  readonly #store: RunStore;
  /** By function: how many are going on. */
  readonly #of = new Map<string, number>();
  /** The last of those that are taken up one after the other. */
  #alone: Promise<unknown> = Promise.resolve();

  constructor(ports: TakeUpPorts, store: RunStore) {
    this.#ports = ports;
    this.#store = store;
  }

  readonly perform: Perform = async (job) => {
    const run = await (job.attempt > 0 ? this.#takeUpAlone(job) : this.#takeUp(job));
    await run?.wait().finally(() => this.#count(run, -1));
    return undefined;
  };

  #takeUpAlone(job: HeldJob): Promise<ActiveRun | undefined> {
    const taken = this.#alone.then(() => this.#takeUp(job));
    this.#alone = taken.catch(() => {});
    return taken;
  }

  /** Undefined when it has ended already. */
  async #takeUp(job: HeldJob): Promise<ActiveRun | undefined> {
    const { giveUp, revive, log, database } = this.#ports;
    const record = await this.#store.find(job.organization, job.id);
    // Its function was deleted, and its runs with it.
    if (record === undefined) {
      await database.commit(complete(job));
      return undefined;
    }
    if (job.attempt >= MOST_TAKE_UPS) {
      const message = `the server ended ${MOST_TAKE_UPS} times while it took up this run`;
      const facts = { organization: record.organization, run: record.id, function: record.functionName };
      log.warn(facts, `${message}: it is given up`);
      await giveUp(record, job, message);
      return undefined;
    }
    const run = revive(record, job);
    if (typeof run === "string") {
      await giveUp(record, job, run);
      return undefined;
    }
    this.#admit(run);
    this.#count(run, 1);
    await this.#launch(run, job);
    return run;
  }

  async #launch(run: ActiveRun, job: HeldJob): Promise<void> {
    const { database, launch, leave } = this.#ports;
    try {
      await database.commit([count(job, job.attempt + 1)]);
    } catch (error) {
      this.#count(run, -1);
      leave(run);
      throw error;
    }
    await launch(run);
    await database.commit([count(job, 0)]).catch((error: unknown) => this.#unforgiven(run, error));
  }

  #unforgiven({ record }: ActiveRun, error: unknown): void {
    this.#ports.log.warn({ err: error, run: record.id }, "it could not be noted that a run was taken up well");
  }

  #admit(run: ActiveRun): void {
    try {
      if ((this.#of.get(run.record.functionId) ?? 0) >= MOST_OF_ONE) throw new NotNowError(spread(FULL_PAUSE_MS));
      this.#ports.pool.admit(run);
    } catch (error) {
      this.#ports.leave(run);
      throw error instanceof DispatchError ? new NotNowError(spread(FULL_PAUSE_MS), error) : error;
    }
  }

  #count({ record: { functionId } }: ActiveRun, by: 1 | -1): void {
    const count = (this.#of.get(functionId) ?? 0) + by;
    if (count > 0) this.#of.set(functionId, count);
    else this.#of.delete(functionId);
  }
}

function spread(milliseconds: number): number {
  return Math.round(milliseconds * (1 + Math.random()));
}
