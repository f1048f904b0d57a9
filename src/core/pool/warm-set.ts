/**
 * Pre-started generic workers: sandboxed and warmed, of one image, organization and kind of network, waiting for the
 * source of a function. Taking one starts its replacement.
 */
import { Demand } from "../capacity/demand.ts";
import type { Worker, WorkerSpec } from "../shared/ports.ts";

export type StartWorker = (spec: WorkerSpec, demand: Demand) => Promise<Worker>;

/** A start is work for the whole machine: the taker's first call goes before it. */
const REFILL_AFTER_MS = 100;

export class WarmSet {
  readonly spec: WorkerSpec;
  readonly #start: StartWorker;
  readonly #report: (error: Error) => void;
  #wanted = 0;
  #starting = 0;
  #ready: Worker[] = [];

  constructor(spec: WorkerSpec, start: StartWorker, report: (error: Error) => void) {
    this.spec = spec;
    this.#start = start;
    this.#report = report;
  }

  get size(): number {
    return this.#ready.length;
  }

  /** Sets how many workers should wait here. */
  want(count: number): void {
    this.#wanted = count;
    while (this.#ready.length > count) void this.#ready.pop()?.stop("idle");
    this.#refill();
  }

  /** A waiting worker, or a fresh one. */
  async take(demand: Demand): Promise<Worker> {
    const worker = this.#ready.shift() ?? (await this.#start(this.spec, demand));
    setTimeout(() => this.#refill(), REFILL_AFTER_MS).unref();
    return worker;
  }

  /** Gives up one waiting worker to make room for another set. */
  evict(): Promise<void> | undefined {
    return this.#ready.pop()?.stop("idle");
  }

  async close(): Promise<void> {
    this.#wanted = 0;
    const workers = this.#ready.splice(0);
    await Promise.all(workers.map((worker) => worker.stop("shutdown")));
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
    void worker.exited.then(() => {
      this.#ready = this.#ready.filter((one) => one !== worker);
    });
  }

  /** The next taker starts its own worker and hears the error; when that succeeds, the set is filled again. */
  #failed(error: Error): void {
    this.#starting--;
    this.#report(error);
  }
}
