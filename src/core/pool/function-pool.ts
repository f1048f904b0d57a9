/** The workers and the queue of one function revision. */
import type { Admission, Waiter } from "../capacity/admission.ts";
import type { Claimant } from "../capacity/demand.ts";
import { Line } from "../capacity/line.ts";
import type { Share } from "../capacity/share.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Worker } from "../shared/ports.ts";
import type { WorkerResource } from "./contract.ts";
import { Pace } from "./pace.ts";
import type { Revision } from "./revision.ts";
import { Slot } from "./slot.ts";
import { slotReport, startingWhy } from "./slot-report.ts";
import type { Task } from "./task.ts";

/** What the pool of one function asks of all. */
export interface FunctionPoolPorts {
  readonly admission: Admission;
  /** What its organization has. */
  readonly share: Share;
  /** Resolves to a worker that has loaded the revision, and when it was warmed, in monotonic milliseconds. */
  acquire(pool: FunctionPool): Promise<{ readonly worker: Worker; readonly warmed: number }>;
  /** Whether a worker should end rather than take its next call, because another function is owed its place. */
  isOwed(pool: FunctionPool, slot: Slot): boolean;
  /** How many workers are kept although nobody calls. */
  floor(): number;
  /** A worker has nothing to do. */
  idle(): void;
}

/** When a run lasts this long, the runs that wait behind it in its worker go back to the queue. */
const LONG_RUN_MS = 20;
/** Another worker is started when the queue would otherwise take longer than this. */
const GROW_AFTER_MS = 10;
const STARTING_AT_ONCE = 2;
const FILL_AGAIN_MS = 15_000;
/** An idle worker must begin its next run within this time, or it is ended: the bound for functions without a time-out, and the shortest bound. */
const LONGEST_DEBT_MS = 10_000;
const SHORTEST_DEBT_MS = 1000;

export class FunctionPool implements Claimant, Waiter {
  readonly revision: Revision;
  readonly slots: Slot[] = [];
  readonly #ports: FunctionPoolPorts;
  readonly #queue: Line<Task>;
  #starting = 0;
  /** Places that are kept for tasks on their way here. */
  #reserved = 0;
  readonly #pace = new Pace();
  /** The earliest time to start a worker for `minWarm` again, in monotonic milliseconds. */
  #fillAt = 0;
  retired = false;

  constructor(revision: Revision, ports: FunctionPoolPorts) {
    this.revision = revision;
    this.#ports = ports;
    this.#queue = new Line(ports.admission, this);
  }

  get organization(): string {
    return this.revision.organization;
  }

  get share(): Share {
    return this.#ports.share;
  }

  get name(): string {
    return this.revision.functionName;
  }

  get expectedWait(): number {
    return ((this.#pace.typical ?? 1000) * (this.queued + 1)) / Math.max(1, this.slots.length);
  }

  get workers(): number {
    return this.slots.length;
  }

  get depth(): number {
    return this.#queue.depth;
  }

  get waitsSince(): number {
    return this.#queue.since;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get busy(): boolean {
    return this.#queue.length > 0 || this.#starting > 0 || this.slots.some((slot) => slot.load > 0);
  }

  submit(task: Task): void {
    if (this.#queue.length === 0 && this.#give(task)) return;
    this.#queue.add(task);
    this.#grow();
  }

  /** Keeps a place in a worker that is here, if one is free: the result gives it back. */
  reserve(depth: number): (() => void) | undefined {
    if (this.#queue.length > 0 || this.#places(depth) <= this.#reserved) return undefined;
    this.#reserved++;
    return () => {
      this.#reserved--;
    };
  }

  /** Why no further task may wait here, if so. */
  refusal(): DispatchError | undefined {
    return this.#ports.admission.refusalAt(this, this.queued);
  }

  cancel(task: Task): void {
    for (const slot of this.slots) slot.cancel(task);
  }

  /** A task that a worker gave back goes first. */
  requeue(task: Task): void {
    this.#queue.return(task);
    setImmediate(() => this.#pump());
  }

  ran(duration: number, slot: Slot): void {
    this.#pace.ended(duration);
    if (this.#isolated) void slot.stop("retired");
    else if (slot.leaving || this.#ports.isOwed(this, slot)) slot.leave();
    this.#pump();
    this.#renew();
    if (slot.load === 0) this.#ports.idle();
  }

  /** Loads one worker. @throws LoadError */
  async addWorker(): Promise<void> {
    this.#starting++;
    try {
      const asked = performance.now();
      const { worker, warmed } = await this.#ports.acquire(this);
      this.#adopt(new Slot(this, worker, { asked, warmed, loaded: performance.now() }));
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
    this.#queue.expire(now);
    if (this.#queue.length > 0) this.#pump();
  }

  /** Whether there are workers of it, or are to be. */
  get alive(): boolean {
    return this.busy || this.slots.length > 0 || this.floor > 0;
  }

  /** Workers that are kept although nobody calls. */
  get floor(): number {
    return this.retired ? 0 : this.#ports.floor();
  }

  /** Workers beyond those. */
  get spare(): number {
    return this.slots.filter(({ open }) => open).length - this.floor;
  }

  /** What its workers do. */
  report(idleTimeout: number): WorkerResource[] {
    const now = performance.now();
    const { floor, revision } = this;
    const { functionName, faasId, language } = revision;
    const own = { functionName, faasId, language };
    const why = this.#queue.length > 0 ? `${this.#queue.length} calls wait for it` : startingWhy(floor);
    const starting = Array.from({ length: this.#starting }, () => ({ ...own, state: "starting" as const, why }));
    const kept = this.spare > 0 ? undefined : `kept by minWarm ${floor}`;
    return [...this.slots.map((slot) => ({ ...own, ...slotReport(slot, now, idleTimeout, kept) })), ...starting];
  }

  /** Called now and then: ends workers that have been idle for that many milliseconds, looks after the others. */
  sweep(idleTimeout: number): void {
    this.#fill();
    this.#stopIdle("idle", idleTimeout);
    const now = performance.now();
    for (const slot of this.slots) slot.probe(now);
  }

  async close(): Promise<void> {
    this.#queue.refuse(new DispatchError("SHUTTING_DOWN"));
    await Promise.all(this.slots.map((slot) => slot.stop("shutdown")));
  }

  /** How many more tasks the slot takes. */
  #roomIn(slot: Slot, depth: number): number {
    if (!slot.open || (slot.load === 0 && !this.share.admits(depth))) return 0;
    return Math.max(0, (this.#isolated ? 1 : this.#pace.prefetch) - slot.load);
  }

  #places(depth: number): number {
    return this.slots.reduce((sum, slot) => sum + this.#roomIn(slot, depth), 0);
  }

  /** The slot with the fewest tasks; for very short runs the first that has room, so that no other worker is woken. */
  #freeSlot(depth: number): Slot | undefined {
    const { tiny } = this.#pace;
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (this.#roomIn(slot, depth) === 0) continue;
      if (tiny || slot.load === 0) return slot;
      if (best === undefined || slot.load < best.load) best = slot;
    }
    return best;
  }

  #give(task: Task): boolean {
    const depth = task.depth ?? 0;
    const slot = this.#freeSlot(depth);
    slot?.give(task);
    if (slot === undefined && !this.share.admits(depth)) this.share.whenLess(this.#wake);
    return slot !== undefined;
  }

  readonly #wake = (): void => this.#pump();

  #pump(): void {
    this.#queue.drain((task) => this.#give(task));
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
    // Where runs are short, a long wait means that this server is busy, and more workers would not help.
    return !short && performance.now() - this.#queue.since > GROW_AFTER_MS;
  }

  /** A worker could not be started. Without any other worker nobody would ever serve the queue, so its calls are refused. */
  #cannotGrow(error: Error): void {
    if (this.slots.length > 0 || this.#starting > 0) return;
    this.#queue.refuse(error);
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

  /** Stops a worker that has reported the end of its run and does not begin the next; the calls that wait in it run elsewhere. */
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

  /** Brings the workers up to the floor; what fails is tried again by the next sweep. */
  #fill(): void {
    const living = this.slots.filter(({ open }) => open).length;
    const now = performance.now();
    if (living + this.#starting >= this.floor || this.#starting >= STARTING_AT_ONCE || now < this.#fillAt) return;
    this.addWorker().catch((error: Error) => {
      // What cannot be loaded now is not tried every second.
      this.#fillAt = performance.now() + FILL_AGAIN_MS;
      this.#cannotGrow(error);
    });
  }

  #stopIdle(reason: "idle" | "retired", idleTimeout: number): void {
    const longIdle = performance.now() - idleTimeout;
    const idle = this.slots.filter((slot) => slot.load === 0 && slot.open && slot.idleSince <= longIdle);
    for (const slot of idle.slice(0, Math.max(0, this.spare))) void slot.stop(reason);
  }
}
