/**
 * What the store keeps has bounds, which the operator sets. What is beyond them is deleted in the background: one job of
 * `core/work` that comes again and again, on one server at a time.
 */
import { unixSeconds } from "../shared/clock.ts";
import { type Database, DuplicateError } from "../shared/ports.ts";
import { enqueue, giveBack, type HeldJob } from "../work/job.ts";
import {
  dropCountsOfDeleted,
  dropExpiredKeys,
  dropOldChanges,
  dropOldDeliveries,
  dropOldEvents,
  dropOldLetters,
} from "./old-rows.ts";
import { beyond, dropEnded, nextFunction, nextOrganization, type RunScope, type Step } from "./old-runs.ts";
import type { Pace } from "./pace.ts";

/** 0 is no bound. */
export interface Bounds {
  /** Milliseconds. */
  readonly runAge: number;
  readonly runsPerFunction: number;
  readonly runsPerOrganization: number;
  /** Milliseconds. */
  readonly letterAge: number;
  /** Milliseconds; of events and of the log of their deliveries. */
  readonly eventAge: number;
  /** Milliseconds. */
  readonly auditAge: number;
}

/** What an organization or a function keeps of its own runs; never more than the server does. */
export interface Kept {
  readonly seconds?: number;
  /** The newest. */
  readonly count?: number;
}

export interface RetentionPorts {
  readonly database: Database;
  readonly bounds: Bounds;
  /** Undefined where it says nothing. */
  readonly kept: (scope: RunScope) => Kept | undefined;
  readonly pace: Pace;
  readonly audit: { cut(before: number, step: Step): Promise<void> };
}

const EVERY_MS = 10 * 60_000;

export class Retention {
  readonly #ports: RetentionPorts;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Promises the job, once and for all servers. */
  async start(): Promise<void> {
    const job = { organization: "", kind: "retention", id: "store", payload: "{}", maxAttempts: 0 };
    try {
      await this.#ports.database.commit([enqueue(job)]);
    } catch (error) {
      if (!(error instanceof DuplicateError)) throw error;
    }
  }

  /** One round; the next is due some minutes after its end. */
  readonly perform = async (job: HeldJob, signal: AbortSignal): Promise<undefined> => {
    await this.sweep(signal);
    await this.#ports.database.commit(giveBack(job, EVERY_MS, 0));
  };

  /** Deletes what is beyond the bounds now. @throws NotNowError when the server stops */
  async sweep(signal: AbortSignal): Promise<void> {
    const { database, bounds, pace } = this.#ports;
    const step: Step = (act) => pace.step(signal, act);
    for await (const organization of each((after) => step(() => nextOrganization(database, after)))) {
      await this.#sweepRuns(organization, step);
    }
    await dropExpiredKeys(database, unixSeconds(), step);
    await dropOldChanges(database, step);
    await dropCountsOfDeleted(database, step);
    if (bounds.eventAge > 0) {
      await dropOldEvents(database, Date.now() - bounds.eventAge, step);
      await dropOldDeliveries(database, Date.now() - bounds.eventAge, step);
    }
    if (bounds.letterAge > 0) await dropOldLetters(database, Date.now() - bounds.letterAge, step);
    if (bounds.auditAge > 0) await this.#ports.audit.cut(Date.now() - bounds.auditAge, step);
  }

  async #sweepRuns(organization: string, step: Step): Promise<void> {
    const { database, bounds } = this.#ports;
    await this.#sweepScope({ organization }, { age: bounds.runAge }, step);
    for await (const functionName of each((after) => step(() => nextFunction(database, organization, after)))) {
      await this.#sweepScope({ organization, functionName }, { count: bounds.runsPerFunction }, step);
    }
    await this.#sweepScope({ organization }, { count: bounds.runsPerOrganization }, step);
  }

  /** By the server's bounds and by its own, whichever is less. */
  async #sweepScope(
    scope: RunScope,
    { age = 0, count = 0 }: { age?: number; count?: number },
    step: Step,
  ): Promise<void> {
    const kept = this.#ports.kept(scope) ?? {};
    const longest = least(age, (kept.seconds ?? 0) * 1000);
    if (longest > 0) await dropEnded(this.#ports.database, scope, BigInt(Date.now() - longest) * 1_000_000n, step);
    await this.#keepNewest(scope, least(count, kept.count ?? 0), step);
  }

  async #keepNewest(scope: RunScope, count: number, step: Step): Promise<void> {
    const { database } = this.#ports;
    const until = count > 0 ? await beyond(database, scope, count, step) : undefined;
    if (until !== undefined) await dropEnded(database, scope, until, step);
  }
}

/** The smaller of two bounds, where 0 means no bound. */
function least(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);
}

async function* each(next: (after: string) => Promise<string | undefined>): AsyncGenerator<string> {
  for (let last = await next(""); last !== undefined; last = await next(last)) yield last;
}
