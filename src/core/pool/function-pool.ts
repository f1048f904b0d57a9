/** The workers and the queue of one function revision. */
import { DispatchError } from "../shared/errors.ts";
import type { Worker } from "../shared/ports.ts";
import { Pace } from "./pace.ts";
import type { Revision } from "./revision.ts";
import { Slot } from "./slot.ts";
import type { Task } from "./task.ts";

export interface FunctionPoolSettings {
  /** Tasks that may wait. */
  readonly maxQueue: number;
  /** Milliseconds that a task may wait. */
  readonly maxWait: number;
}

/** Asks for a worker that has loaded the revision. */
export type Acquire = (revision: Revision) => Promise<Worker>;

interface Queued {
  readonly task: Task;
  readonly since: number;
}

/** A run that lasts this long gives back what waits behind it in its worker. */
const LONG_RUN_MS = 20;
/** A further worker pays when the queue would otherwise take longer than this. */
const GROW_AFTER_MS = 10;
const STARTING_AT_ONCE = 2;
/** A worker that has nothing to do takes up its next run at once. The bound for functions without a time-out, and the least. */
const LONGEST_DEBT_MS = 10_000;
const SHORTEST_DEBT_MS = 1000;

export class FunctionPool {
  readonly revision: Revision;
  readonly slots: Slot[] = [];
  readonly #settings: FunctionPoolSettings;
  readonly #acquire: Acquire;
  #queue: Queued[] = [];
  #starting = 0;
  readonly #pace = new Pace();
  retired = false;

  constructor(revision: Revision, settings: FunctionPoolSettings, acquire: Acquire) {
    this.revision = revision;
    this.#settings = settings;
    this.#acquire = acquire;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get busy(): boolean {
    return this.#queue.length > 0 || this.#starting > 0 || this.slots.some((slot) => slot.load > 0);
  }

  submit(task: Task): void {
    const slot = this.#freeSlot();
    if (slot !== undefined && this.#queue.length === 0) {
      slot.give(task);
      return;
    }
    const refusal = task.durable ? undefined : this.refusal();
    if (refusal !== undefined) {
      task.refused(refusal);
      return;
    }
    this.#queue.push({ task, since: performance.now() });
    this.#grow();
  }

  /** Why no further task may wait here, if so. */
  refusal(): DispatchError | undefined {
    const { length } = this.#queue;
    return length < this.#settings.maxQueue ? undefined : this.#overloaded(`${length} calls wait already`);
  }

  /** A task that a worker gave back goes first. */
  requeue(task: Task): void {
    this.#queue.unshift({ task, since: performance.now() });
    setImmediate(() => this.#pump());
  }

  ran(duration: number, slot: Slot): void {
    this.#pace.ended(duration);
    if (this.#isolated) void slot.stop("retired");
    this.#pump();
    this.#renew();
  }

  /** Loads one worker. @throws LoadError */
  async addWorker(): Promise<void> {
    this.#starting++;
    try {
      this.#adopt(new Slot(this, await this.#acquire(this.revision)));
    } finally {
      this.#starting--;
    }
    this.#pump();
  }

  /** Drains: running and queued tasks end here, then its workers. */
  retire(): void {
    this.retired = true;
    this.#stopIdle("retired", 0);
  }

  /** Called every few milliseconds while anything runs: time-outs, long runs, tasks that waited too long. */
  tick(now: number): void {
    for (const slot of this.slots) this.#watch(slot, now);
    this.#expire(now);
    if (this.#queue.length > 0) this.#grow();
  }

  #expire(now: number): void {
    const { maxWait } = this.#settings;
    const isLate = ({ task, since }: Queued): boolean => !task.durable && now - since > maxWait;
    const late = this.#queue.filter(isLate);
    if (late.length === 0) return;
    this.#queue = this.#queue.filter((queued) => !isLate(queued));
    for (const { task } of late) task.refused(this.#overloaded(`it waited longer than ${maxWait / 1000} s`));
  }

  /** Called now and then: ends workers that have been idle for that many milliseconds, looks after the others. */
  sweep(idleTimeout: number): void {
    this.#stopIdle("idle", idleTimeout);
    const now = performance.now();
    for (const slot of this.slots) slot.probe(now);
  }

  async close(): Promise<void> {
    for (const { task } of this.#queue) task.refused(new DispatchError("SHUTTING_DOWN"));
    this.#queue = [];
    await Promise.all(this.slots.map((slot) => slot.stop("shutdown")));
  }

  /** The slot with the fewest tasks; for tiny runs the first that has room, so that the others sleep on. */
  #freeSlot(): Slot | undefined {
    const { prefetch, tiny } = this.#pace;
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.stopping || slot.load >= (this.#isolated ? 1 : prefetch)) continue;
      if (tiny || slot.load === 0) return slot;
      if (best === undefined || slot.load < best.load) best = slot;
    }
    return best;
  }

  #pump(): void {
    let next = 0;
    for (let slot = this.#freeSlot(); slot !== undefined && next < this.#queue.length; slot = this.#freeSlot()) {
      const queued = this.#queue[next++];
      if (queued !== undefined) slot.give(queued.task);
    }
    if (next > 0) this.#queue.splice(0, next);
    if (this.#queue.length > 0) this.#grow();
    else if (this.retired) this.#stopIdle("retired", 0);
  }

  #grow(): void {
    const workers = this.slots.length + this.#starting;
    const wanted = Math.min(STARTING_AT_ONCE, this.#queue.length);
    if (workers >= this.revision.concurrency || this.#starting >= wanted) return;
    if (!this.#isolated && workers > 0 && !this.#worthGrowing(workers)) return;
    this.addWorker().catch((error: Error) => this.#cannotGrow(error));
  }

  get #isolated(): boolean {
    return this.revision.isolation === "run";
  }

  /** After a worker that served a single run the next one gets ready, before anybody waits for it. */
  #renew(): void {
    if (!this.#isolated || this.retired || this.#starting > 0 || this.slots.length >= this.revision.concurrency) return;
    if (this.slots.some((slot) => !slot.stopping)) return;
    this.addWorker().catch((error: Error) => this.#cannotGrow(error));
  }

  #worthGrowing(workers: number): boolean {
    const { typical = 0, short } = this.#pace;
    if ((typical * this.#queue.length) / workers > GROW_AFTER_MS) return true;
    // Where runs are short, a long wait says that this server is busy, and more workers would not help it.
    return !short && performance.now() - (this.#queue[0]?.since ?? 0) > GROW_AFTER_MS;
  }

  /** With workers left the queue goes on without the new one; with none nobody would ever serve it. */
  #cannotGrow(error: Error): void {
    if (this.slots.length > 0 || this.#starting > 0) return;
    const refused = this.#queue;
    this.#queue = [];
    for (const { task } of refused) task.refused(error);
  }

  #adopt(slot: Slot): void {
    this.slots.push(slot);
    void slot.worker.exited.then(() => {
      slot.stopping = true;
      this.slots.splice(this.slots.indexOf(slot), 1);
      if (this.#queue.length > 0) this.#grow();
      else if (slot.used) this.#renew();
    });
  }

  #watch(slot: Slot, now: number): void {
    const { running } = slot;
    if (slot.stopping) return;
    if (running === undefined) {
      this.#collect(slot, now);
      return;
    }
    const elapsed = now - running.startedAt;
    const { timeout } = this.revision;
    if (timeout > 0 && elapsed >= timeout) void slot.stop("timeout");
    else if (elapsed > LONG_RUN_MS) {
      this.#pace.lasts(elapsed);
      if (slot.load > 1) slot.release();
    }
  }

  /** A worker whose run said that it had ended, and that takes up no other, is stopped; what waits runs elsewhere. */
  #collect(slot: Slot, now: number): void {
    const since = slot.owesSince;
    const { timeout } = this.revision;
    const longest = timeout > 0 ? Math.max(timeout, SHORTEST_DEBT_MS) : LONGEST_DEBT_MS;
    if (since === undefined || now - since < longest) return;
    // After a turn in which what had arrived was read.
    setImmediate(() => {
      if (slot.owesSince === since) void slot.stop("protocol");
    });
  }

  #stopIdle(reason: "idle" | "retired", idleTimeout: number): void {
    const now = performance.now();
    for (const slot of this.slots) {
      if (slot.load === 0 && !slot.stopping && now - slot.idleSince >= idleTimeout) void slot.stop(reason);
    }
  }

  #overloaded(message: string): DispatchError {
    const seconds = ((this.#pace.typical ?? 1000) * (this.#queue.length + 1)) / Math.max(1, this.slots.length) / 1000;
    const retryAfter = Math.max(1, Math.ceil(seconds));
    return new DispatchError("OVERLOADED", { name: this.revision.functionName, message, retryAfter });
  }
}
