import type { Share } from "../capacity/share.ts";
import type { StopReason, Worker } from "../shared/ports.ts";
import type { Birth } from "./birth.ts";
import { type Holder, Invocation } from "./invocation.ts";
import type { Revision } from "./revision.ts";
import type { Task } from "./task.ts";

/** The function that the worker belongs to. */
export interface SlotOwner {
  readonly revision: Revision;
  readonly share: Pick<Share, "enter" | "leave">;
  /** A run took so many milliseconds. */
  ran(duration: number, slot: Slot): void;
  /** It waits again. */
  requeue(task: Task): void;
}

/** A worker that serves one function revision, and the tasks it holds: one runs, the others wait inside it. */
export class Slot implements Holder {
  readonly worker: Worker;
  readonly born: Birth;
  readonly #pool: SlotOwner;
  /** In the order of their calls. An array and no Set, for the reason that core/runs/active-runs.ts gives. */
  readonly #held: Invocation[] = [];
  #freeSince = 0;
  running: Invocation | undefined;
  /** Monotonic milliseconds since when it holds nothing. */
  idleSince = performance.now();
  /** Set when it ends: nothing more is given to it. */
  stopping = false;
  /** It ends as soon as it holds nothing, because another function is owed its place. */
  leaving = false;
  /** The depth of the call with which it became busy. */
  #depth = 0;
  /** It has run something. */
  used = false;
  /** When to check, in monotonic milliseconds, that the last run has really ended, although it said so; 0 for no check. */
  probeAt = 0;

  constructor(pool: SlotOwner, worker: Worker, born: Birth) {
    this.#pool = pool;
    this.worker = worker;
    this.born = born;
  }

  get organization(): string {
    return this.#pool.revision.organization;
  }

  /** Whether it may be given something. */
  get open(): boolean {
    return !this.stopping && !this.leaving;
  }

  get load(): number {
    return this.#held.length;
  }

  /** What the worker is busy with: the oldest task that it was sent, also before its message that the task has begun arrives. */
  get current(): Task | undefined {
    return (this.running ?? this.#held.find(({ number }) => number !== 0))?.task;
  }

  give(task: Task): void {
    const invocation = new Invocation(this, task);
    if (this.#held.length === 0) this.#enter(task.depth ?? 0);
    this.#held.push(invocation);
    if (task.claim === undefined) this.#send(invocation);
    else this.#claim(invocation, task.claim);
  }

  #enter(depth: number): void {
    this.#depth = depth;
    this.#pool.share.enter(depth);
  }

  #claim(invocation: Invocation, claim: () => Promise<void>): void {
    claim().then(
      () => this.#send(invocation),
      (error: Error) => {
        this.done(invocation);
        invocation.task.refused(error);
      },
    );
  }

  #send(invocation: Invocation): void {
    if (this.stopping) {
      this.takenBack(invocation);
      return;
    }
    try {
      invocation.sentAt = performance.now();
      invocation.number = this.worker.invoke(invocation.task.envelope(), invocation);
    } catch (error) {
      this.done(invocation);
      invocation.task.crash(error);
    }
  }

  done(invocation: Invocation): void {
    const duration = invocation.startedAt === 0 ? 0 : performance.now() - invocation.startedAt;
    const { timeout } = this.#pool.revision;
    if (timeout > 0 && invocation.startedAt > 0) this.probeAt = invocation.startedAt + timeout;
    this.used = true;
    this.#forget(invocation);
    this.#pool.ran(duration, this);
  }

  takenBack(invocation: Invocation): void {
    this.#forget(invocation);
    this.#pool.requeue(invocation.task);
    if (this.leaving && this.load === 0) this.leave();
  }

  /** What runs, or is to run next: it may still be on its way to the worker. */
  get next(): Task | undefined {
    return (this.running ?? this.#held[0])?.task;
  }

  /** How many runs wait in it behind the one that runs. */
  get behind(): number {
    return Math.max(0, this.#held.length - 1);
  }

  /** Since when the worker should have begun its next run; undefined when it has none to begin. */
  get owesSince(): number | undefined {
    const [next] = this.#held;
    if (next === undefined || next.number === 0 || this.running !== undefined) return undefined;
    return Math.max(next.sentAt, this.#freeSince);
  }

  /** Looks whether the run that ended last has really ended. */
  probe(now: number): void {
    if (this.probeAt === 0 || now < this.probeAt || this.load > 0 || this.stopping) return;
    this.probeAt = 0;
    this.worker.probe();
  }

  /** Ends the task if it runs here, and takes it back if it waits here. */
  cancel(task: Task): void {
    const invocation = this.#held.find((held) => held.task === task);
    if (invocation === undefined || invocation.number === 0) return;
    if (invocation === this.running) void this.stop("cancelled");
    else this.worker.cancel(invocation.number);
  }

  /** Takes back what waits behind a run that has become long. */
  release(): void {
    for (const invocation of this.#held) {
      if (invocation !== this.running && invocation.number !== 0) this.worker.cancel(invocation.number);
    }
  }

  leave(): void {
    this.leaving = true;
    if (this.load === 0) void this.stop("idle");
    else this.release();
  }

  stop(reason: StopReason): Promise<void> {
    this.stopping = true;
    return this.worker.stop(reason);
  }

  #forget(invocation: Invocation): void {
    const at = this.#held.indexOf(invocation);
    if (at < 0) return;
    this.#held.splice(at, 1);
    if (this.running === invocation) {
      this.running = undefined;
      this.#freeSince = performance.now();
    }
    if (this.#held.length > 0) return;
    this.idleSince = performance.now();
    this.#pool.share.leave(this.#depth);
  }
}
