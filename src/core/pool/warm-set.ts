/**
 * Pre-started generic workers: sandboxed and warmed, of one image, organization, kind of network and what else is fixed at a
 * start, waiting for the source of a function. Taking one starts its replacement.
 */
import { Demand } from "../capacity/demand.ts";
import type { Worker, WorkerSpec } from "../shared/ports.ts";

export type StartWorker = (spec: WorkerSpec, demand: Demand) => Promise<Worker>;

/** A start is work for the whole machine: the taker's first call goes before it. */
const REFILL_AFTER_MS = 100;

/** So long after a start that failed, or a worker that died while it waited, the set is filled again; twice as long each time. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export class WarmSet {
  readonly spec: WorkerSpec;
  readonly #start: StartWorker;
  readonly #report: (error: Error) => void;
  #wanted = 0;
  #starting = 0;
  #ready: Worker[] = [];
  #pause = FIRST_PAUSE_MS;
  #refilling: NodeJS.Timeout | undefined;

  constructor(spec: WorkerSpec, start: StartWorker, report: (error: Error) => void) {
    this.spec = spec;
    this.#start = start;
    this.#report = report;
  }

  get size(): number {
    return this.#ready.length;
  }

  /** Those that wait, and how many are starting. */
  get state(): { readonly ready: readonly Worker[]; readonly starting: number } {
    return { ready: this.#ready, starting: this.#starting };
  }

  /** Sets how many workers should wait here. */
  want(count: number): void {
    this.#wanted = count;
    while (this.#ready.length > count) void this.#ready.pop()?.stop("idle");
    this.#refill();
  }

  /** A waiting worker, or a fresh one. */
  async take(demand: Demand): Promise<Worker> {
    const waiting = this.#ready.shift();
    const worker = waiting ?? (await this.#start(this.spec, demand));
    if (waiting === undefined) this.#pause = FIRST_PAUSE_MS;
    this.#refillAfter(REFILL_AFTER_MS);
    return worker;
  }

  /** Gives up one waiting worker to make room for another set. */
  evict(): Promise<void> | undefined {
    return this.#ready.pop()?.stop("idle");
  }

  async close(): Promise<void> {
    this.#wanted = 0;
    clearTimeout(this.#refilling);
    const workers = this.#ready.splice(0);
    await Promise.all(workers.map((worker) => worker.stop("shutdown")));
  }

  #refillAfter(milliseconds: number): void {
    clearTimeout(this.#refilling);
    this.#refilling = setTimeout(() => this.#refill(), milliseconds).unref();
  }

  #refill(): void {
    while (this.#ready.length + this.#starting < this.#wanted) {
      this.#starting++;
      this.#start(this.spec, this.#spare()).then(
        (worker) => this.#adopt(worker),
        (error: Error) => this.#failed(error),
      );
    }
  }

  #spare(): Demand {
    const { organization } = this.spec;
    return new Demand({ organization, workers: 0, depth: 0, waitsSince: Number.POSITIVE_INFINITY }, true);
  }

  #adopt(worker: Worker): void {
    this.#starting--;
    if (this.#ready.length >= this.#wanted) {
      void worker.stop("idle");
      return;
    }
    this.#ready.push(worker);
    void worker.exited.then(() => this.#died(worker));
  }

  /** Unless it was taken or ended: then it waits here no longer. */
  #died(worker: Worker): void {
    if (!this.#ready.includes(worker)) return;
    this.#ready = this.#ready.filter((one) => one !== worker);
    this.#again();
  }

  #failed(error: Error): void {
    this.#starting--;
    if (this.#wanted === 0) return;
    this.#report(error);
    this.#again();
  }

  #again(): void {
    this.#refillAfter(this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }
}
