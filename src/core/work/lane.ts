/** The loop of one kind: takes what is due while there is room, does it, and ends it. */
import { randomUUID } from "node:crypto";
import { messageOf } from "../shared/message-of.ts";
import { type Database, StaleWriteError } from "../shared/ports.ts";
import { claim, claimBehind, nextDue, putRight, renewAll } from "./claims.ts";
import { bury, complete, giveBack, type HeldJob, retryLater } from "./job.ts";
import { pauseAfter, type WorkKind } from "./kinds.ts";
import { persist } from "./persist.ts";
import { type Ending, HopelessError, NotNowError, type Perform, type Place } from "./worker.ts";

export interface LanePorts {
  readonly database: Database;
  /** Names this server in leases; the same after a restart. */
  readonly owner: string;
  readonly log: { warn(details: object, message: string): void };
}

/** Somebody else may have promised work, or a clock may have been set: nobody waits longer than this, in milliseconds. */
const LONGEST_NAP = 5000;
const NAP_AFTER_FAILURE = 1000;
const MOST_AT_ONCE = 64;

export class Lane {
  readonly #kind: string;
  readonly #rules: WorkKind;
  readonly #perform: Perform;
  readonly #ports: LanePorts;
  readonly #running = new Map<HeldJob, AbortController>();
  /** How many of those were taken here. */
  #taken = 0;
  /** More may be due than there was room for. */
  #moreDue = false;
  /** All that is due may be of organizations that have as many under way as they may. */
  #heldBack = false;
  #taking: Promise<void> | undefined;
  #again = false;
  #open = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(kind: string, rules: WorkKind, perform: Perform, ports: LanePorts) {
    this.#kind = kind;
    this.#rules = rules;
    this.#perform = perform;
    this.#ports = ports;
  }

  open(): void {
    this.#open = true;
    this.wake();
  }

  /** Work has been promised, or there is room again. */
  wake(): void {
    if (!this.#open) return;
    this.#again = true;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
  }

  /** Takes nothing more; resolves when what it has taken has ended. */
  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    await this.#taking;
    while (this.#running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Keeps what it has; a job that somebody else has by now is told so. */
  async renew(): Promise<void> {
    if (this.#running.size === 0) return;
    const { database, owner } = this.#ports;
    const lost = await renewAll(database, this.#kind, owner, [...this.#running.keys()]);
    for (const job of lost) this.#running.get(job)?.abort(new StaleWriteError("work was taken over"));
  }

  putRight(): Promise<void> {
    return putRight(this.#ports.database, this.#kind, this.#rules.longestPause);
  }

  async #take(): Promise<void> {
    clearTimeout(this.#timer);
    let nap = NAP_AFTER_FAILURE;
    try {
      // It was woken during the look: look once more.
      while (this.#again && this.#open) {
        this.#again = false;
        await this.#takeDue();
        if (!this.#again) nap = await this.#untilDue();
      }
    } catch (error) {
      this.#ports.log.warn({ err: error, kind: this.#kind }, "work could not be taken");
    }
    // Without room it looks again when a job ends.
    if (this.#open && this.#room > 0) this.#timer = setTimeout(() => this.wake(), Math.max(1, nap));
  }

  async #untilDue(): Promise<number> {
    const next = (await nextDue(this.#ports.database, this.#kind)) ?? LONGEST_NAP;
    return next === 0 && this.#heldBack ? LONGEST_NAP : Math.min(LONGEST_NAP, next);
  }

  async #takeDue(): Promise<void> {
    const isShared = this.#rules.mostOfOne !== undefined;
    const limit = Math.min(this.#room, isShared ? 1 : MOST_AT_ONCE);
    this.#moreDue = isShared || limit <= 0;
    if (limit <= 0) return;
    const jobs = await claim(this.#ports.database, this.#kind, this.#ports.owner, limit, this.#rules);
    for (const job of jobs) this.#start(job);
    if (jobs.length === limit) this.#again = true;
    this.#heldBack = isShared && jobs.length === 0 && this.#taken > 0;
  }

  get #counts(): boolean {
    return this.#rules.countsItself !== true;
  }

  get #room(): number {
    return this.#rules.concurrency - this.#taken;
  }

  #start(job: HeldJob): void {
    this.#taken++;
    let hasPlace = true;
    let hasPassed = job.orderKey === undefined;
    const free = (): void => {
      if (!hasPlace) return;
      hasPlace = false;
      this.#taken--;
      if (this.#moreDue) this.wake();
    };
    const pass = (): void => {
      hasPassed = true;
      this.wake();
    };
    const place = this.#placeOf(job, { free, pass });
    void this.#keep(job, (lost) => this.#do(job, () => this.#perform(job, lost, place))).finally(() => {
      free();
      if (!hasPassed) this.wake();
    });
  }

  #placeOf(job: HeldJob, way: Pick<Place, "free" | "pass">): Place {
    const { database, owner } = this.#ports;
    return {
      ...way,
      takeBehind: (limit) => claimBehind(database, job, owner, limit, this.#rules),
      also: (other, doing) => this.carry(other, doing),
    };
  }

  /** For a job that this server holds since it was promised. It takes no place here, because the promise has reserved one already. */
  hold(job: HeldJob, doing: (lost: AbortSignal) => Promise<void>): void {
    void this.#keep(job, doing);
  }

  /** The same for one that is begun with its promise: it ends like those that were taken. */
  carry(job: HeldJob, doing: () => Promise<Ending>): void {
    void this.#keep(job, async () => {
      if (await this.#do(job, doing)) this.wake();
    });
  }

  async #keep(job: HeldJob, doing: (lost: AbortSignal) => Promise<unknown>): Promise<void> {
    const lost = new AbortController();
    this.#running.set(job, lost);
    try {
      await doing(lost.signal);
    } catch (error) {
      this.#lost(job, error);
    } finally {
      this.#running.delete(job);
    }
  }

  /** Says whether it was ended here, so that others of its order may be due. */
  async #do(job: HeldJob, doing: () => Promise<Ending>): Promise<boolean> {
    const { maxAttempts, attempt } = job;
    if (maxAttempts > 0 && attempt > maxAttempts) {
      await this.#commit(bury(job, randomUUID(), job.error ?? `${maxAttempts} servers died while they did it`));
      return true;
    }
    let ending: Ending;
    try {
      ending = await doing();
    } catch (error) {
      await this.#failed(job, error);
      return true;
    }
    if (ending === undefined) return false;
    await this.#commit([...ending, ...complete(job)]);
    return true;
  }

  async #failed(job: HeldJob, error: unknown): Promise<void> {
    if (error instanceof StaleWriteError) throw error;
    const message = messageOf(error);
    const isLast = job.maxAttempts > 0 && job.attempt >= job.maxAttempts && !(error instanceof NotNowError);
    if (isLast || error instanceof HopelessError) {
      await this.#commit(bury(job, randomUUID(), message));
      return;
    }
    if (error instanceof NotNowError)
      await this.#commit(giveBack(job, error.pause, job.attempt - (this.#counts ? 1 : 0)));
    else await this.#commit(retryLater(job, pauseAfter(job.attempt, this.#rules), message));
    this.wake();
  }

  /** What has been done is not done again because the disk is full: its end is written when there is room. */
  #commit(unit: Parameters<Database["commit"]>[0]): Promise<void> {
    const { database, log } = this.#ports;
    return persist(
      () => database.commit(unit, this.#running.size > 1),
      () => this.#open,
      (error) => log.warn({ err: error, kind: this.#kind }, "the end of work could not be recorded yet"),
    );
  }

  #lost({ organization, kind, id }: HeldJob, error: unknown): void {
    const message = error instanceof StaleWriteError ? "work was taken over" : "the end of work could not be recorded";
    this.#ports.log.warn({ err: error, organization, kind, id }, message);
  }
}
