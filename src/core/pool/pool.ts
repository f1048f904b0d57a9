/**
 * The pool: finds a worker for every task. A warm worker of the function first, else a generic one that becomes it, else a
 * fresh one. Workers are never reused for another revision. The rules are design in docs/architecture.md.
 */

import { Admission, type AdmissionSettings, type Refused } from "../capacity/admission.ts";
import { WorkerBudget } from "../capacity/budget.ts";
import { Demand } from "../capacity/demand.ts";
import { Distrust } from "../capacity/distrust.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Afterwards, Blobs, LoadSpec, Runtime, Worker, WorkerSpec } from "../shared/ports.ts";
import type { WorkerResource } from "./contract.ts";
import { FunctionPool } from "./function-pool.ts";
import type { Revision } from "./revision.ts";
import type { Slot } from "./slot.ts";
import type { Task } from "./task.ts";
import { WarmFloors } from "./warm-floors.ts";
import { WarmSets } from "./warm-sets.ts";

export interface PoolSettings extends AdmissionSettings {
  /** Generic workers that wait for each image in use. */
  readonly warmWorkers: number;
  /** Milliseconds after which an idle worker of a function ends. */
  readonly idleTimeout: number;
}

export interface PoolStats {
  /** Workers that wait for a function. */
  readonly generic: number;
  readonly functions: readonly { name: string; organization: string; workers: number; queued: number }[];
  readonly refused: readonly Refused[];
  /** Calls that waited for a worker and began. */
  readonly waited: { readonly calls: number; readonly seconds: number };
}

interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

const TICK_MS = 10;
const SWEEP_MS = 1000;
const COLD_STARTS_AT_ONCE = 2;
const LONGEST_MAKING_MS = 1000;

export class Pool {
  readonly #settings: PoolSettings;
  readonly #runtime: Runtime;
  readonly #blobs: Blobs;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #budget: WorkerBudget;
  readonly #distrust = new Distrust();
  readonly #functions = new Map<string, FunctionPool>();
  readonly #warmSets: WarmSets;
  readonly #floors: WarmFloors;
  readonly #sweeper: NodeJS.Timeout;
  #hear: (event: Afterwards, organization: string) => void = () => {};
  #ticking = false;
  /** Until this time (monotonic milliseconds) no further worker is ended to make room, because one is ending already. */
  #makingUntil = 0;
  #closed = false;

  constructor(settings: PoolSettings, runtime: Runtime, blobs: Blobs, log: Log) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#blobs = blobs;
    this.#log = log;
    this.#admission = new Admission(settings);
    const evict = (organization: string, own: boolean): boolean => this.#makeRoom(organization, own);
    this.#budget = new WorkerBudget(settings.maxWorkers, COLD_STARTS_AT_ONCE, evict);
    this.#warmSets = new WarmSets({
      count: settings.warmWorkers,
      fixedLimits: runtime.fixedLimits,
      start: (spec, demand) => this.#start(spec, demand),
      report: (error) => log.warn({ err: error }, "no generic worker could be started; trying again later"),
    });
    this.#floors = new WarmFloors(settings.maxWorkers);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Who else is told what functions do after the end of their runs. */
  onAfterwards(hear: (event: Afterwards, organization: string) => void): void {
    this.#hear = hear;
  }

  /** Loads one worker of the revision. @throws LoadError with the interpreter's own message. */
  async prepare(revision: Revision): Promise<void> {
    try {
      this.keepWarm(revision);
      const added = this.#functionPool(revision).addWorker();
      this.#armTick();
      await added;
    } catch (error) {
      this.#functions.delete(revision.faasId);
      this.#warmSets.forget(revision.faasId);
      this.#floors.forget(revision.faasId);
      throw error;
    }
  }

  /** For a task that is promised before it is submitted. @throws OVERLOADED, SHUTTING_DOWN, CHAIN_TOO_LONG */
  admit(task: Task): void {
    const refusal =
      this.#admission.refusalOf(task, waiterOf(task)) ?? this.#functions.get(task.revision.faasId)?.refusal();
    if (refusal !== undefined) throw refusal;
  }

  /** Keeps a place in a warm worker for a task that is promised as one that has begun; undefined when none is free. The result gives it back. */
  reserve({ revision, depth }: Task): (() => void) | undefined {
    return this.#closed ? undefined : this.#functions.get(revision.faasId)?.reserve(depth ?? 0);
  }

  submit(task: Task): void {
    const refusal = this.#admission.refusalOf(task, waiterOf(task));
    if (refusal !== undefined) {
      task.refused(refusal);
      return;
    }
    const pool = this.#functionPool(task.revision);
    pool.share.note(task.depth ?? 0);
    pool.submit(task);
    this.#armTick();
  }

  /** Ends a task: in its worker where it runs, in the queue when it is `gone`. */
  cancel(task: Task): void {
    this.#functions.get(task.revision.faasId)?.cancel(task);
  }

  /** The revision serves no new tasks; those it has end first. */
  retire(faasId: string): void {
    this.#floors.forget(faasId);
    this.#functions.get(faasId)?.retire();
    this.#warmSets.forget(faasId);
  }

  /** What the worker of this id is busy with. */
  taskOf(workerId: string): Task | undefined {
    for (const { slots } of this.#functions.values()) {
      const slot = slots.find(({ worker }) => worker.id === workerId);
      if (slot !== undefined) return slot.current;
    }
    return undefined;
  }

  /** Keeps generic workers ready for this kind of function, even before its first call. */
  keepWarm(revision: Revision): void {
    this.#warmSets.keep(revision);
    if (!revision.minWarm) return;
    this.#floors.keep(revision);
    // The next sweep starts what is missing.
    this.#functionPool(revision);
  }

  /** What an organization's workers do. */
  workers(organization: string): WorkerResource[] {
    const pools = [...this.#functions.values()].filter((pool) => pool.organization === organization);
    const idleTimeout = this.#settings.idleTimeout;
    return [...pools.flatMap((pool) => pool.report(idleTimeout)), ...this.#warmSets.workers(organization)];
  }

  /** The folders of all other images may go: nobody may get a worker that was started with one. */
  forgetOtherImages(used: ReadonlySet<string>): void {
    this.#warmSets.forgetOtherImages(used);
  }

  /** Those that have workers or calls, also when they serve no new ones. */
  revisions(): Revision[] {
    return [...this.#functions.values()].map(({ revision }) => revision);
  }

  /** Workers by what they do, for metrics. */
  stats(): PoolStats {
    const functions = [...this.#functions.values()].map((pool) => ({
      name: pool.revision.functionName,
      organization: pool.revision.organization,
      workers: pool.slots.length,
      queued: pool.queued,
    }));
    return { ...this.#admission.stats, generic: this.#warmSets.size, functions };
  }

  /** Waits up to `grace` milliseconds for running tasks, then ends every worker. */
  async close(grace: number): Promise<void> {
    const until = performance.now() + grace;
    while (this.#busy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    this.#closed = true;
    this.#admission.close();
    clearInterval(this.#sweeper);
    const parts = [...this.#functions.values(), this.#warmSets];
    await Promise.all(parts.map((part) => part.close()));
  }

  #functionPool(revision: Revision): FunctionPool {
    let pool = this.#functions.get(revision.faasId);
    if (pool === undefined) {
      pool = new FunctionPool(revision, {
        admission: this.#admission,
        share: this.#budget.shareOf(revision.organization),
        acquire: (claimant) => this.#acquire(claimant),
        isOwed: (holder, { worker }) => this.#isOwed(holder, worker),
        floor: () => this.#floors.of(revision.faasId),
        idle: () => this.#budget.settle(),
      });
      this.#functions.set(revision.faasId, pool);
    }
    return pool;
  }

  async #acquire(pool: FunctionPool): Promise<{ worker: Worker; warmed: number }> {
    const pause = this.#distrust.pauseOf(pool.revision.faasId);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause).unref());
    if (this.#closed) throw new DispatchError("SHUTTING_DOWN");
    const demand = new Demand(pool, false);
    try {
      return await this.#load(pool.revision, demand);
    } finally {
      demand.settled();
    }
  }

  async #load(revision: Revision, demand: Demand): Promise<{ worker: Worker; warmed: number }> {
    const bundle = await this.#blobs.get(revision.source);
    const worker = await this.#warmSets.take(revision, demand);
    const warmed = performance.now();
    const { handler, environment, limits, faasId } = revision;
    void worker.exited.then(({ reason, flooding }) => {
      if (reason === "protocol" || flooding) this.#distrust.ended(faasId);
    });
    const afterwards = (event: Afterwards): void => this.#tell(revision, event);
    const yields = this.#distrust.yields(faasId);
    const spec: LoadSpec = { handler, bundle, environment, limits, yields, afterwards };
    try {
      await worker.load(spec);
      return { worker, warmed };
    } catch (error) {
      void worker.stop("retired");
      throw error;
    }
  }

  #tell({ organization, functionName }: Revision, { kind, text, run }: Afterwards): void {
    const where = { organization, function: functionName, run };
    if (kind === "failure") this.#log.warn({ ...where, error: text }, "a function failed after the end of its run");
    else this.#log.info({ ...where, stream: kind, line: text }, "output after the end of a run");
    this.#hear({ kind, text, run }, organization);
  }

  async #start(spec: WorkerSpec, demand: Demand): Promise<Worker> {
    if (this.#closed) throw new DispatchError("SHUTTING_DOWN");
    const worker = await this.#budget.start(demand, () => this.#runtime.start(spec, demand.spare));
    void worker.exited.then(() => this.#budget.ended(spec.organization));
    return worker;
  }

  /** Ends the worker that has been idle for longest, the organization's own first; failing that a waiting generic one. */
  #makeRoom(organization: string, own: boolean): boolean {
    if (performance.now() < this.#makingUntil) return true;
    const foreign = (slot: Slot): number => (slot.organization === organization ? 0 : 1);
    const idle = [...this.#functions.values()]
      .filter((pool) => pool.spare > 0)
      .flatMap((pool) => pool.slots)
      .filter((slot) => slot.load === 0 && !slot.stopping && !(own && foreign(slot)))
      .sort((a, b) => foreign(a) - foreign(b) || a.idleSince - b.idleSince)[0];
    const ending = idle?.stop("idle") ?? this.#warmSets.evict(organization, own);
    if (ending === undefined) return false;
    this.#making(ending);
    return true;
  }

  /** Whether a worker that has just ended a call should end, because another function has waited for its place. */
  #isOwed(holder: FunctionPool, worker: Worker): boolean {
    if (!this.#budget.isOwed(holder) || holder.spare <= 0 || performance.now() < this.#makingUntil) return false;
    this.#making(worker.exited);
    return true;
  }

  #making(ending: Promise<unknown>): void {
    this.#makingUntil = performance.now() + LONGEST_MAKING_MS;
    void ending.finally(() => {
      this.#makingUntil = 0;
    });
  }

  #armTick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    this.#ticking = false;
    const now = performance.now();
    for (const pool of this.#functions.values()) pool.tick(now);
    this.#budget.settle();
    if (this.#busy()) this.#armTick();
  }

  #sweep(): void {
    for (const [faasId, pool] of this.#functions) {
      pool.sweep(this.#settings.idleTimeout);
      if (!pool.alive) this.#functions.delete(faasId);
    }
    this.#warmSets.sweep(performance.now());
    this.#distrust.forget(performance.now());
    const inUse = new Set([...this.#functions.values()].map(({ organization }) => organization));
    this.#budget.keepOnly(inUse);
    this.#admission.keepOnly(inUse);
  }

  #busy(): boolean {
    for (const pool of this.#functions.values()) if (pool.busy) return true;
    return false;
  }
}

function waiterOf({ revision: { organization, functionName: name } }: Task): { organization: string; name: string } {
  return { organization, name };
}
