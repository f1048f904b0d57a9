/** A runtime whose workers do what a test tells them; for tests of the pool, to which the runtime is a port. */
import type {
  Blobs,
  InvocationListener,
  LoadSpec,
  Outcome,
  Runtime,
  StopReason,
  Worker,
  WorkerExit,
  WorkerSpec,
} from "../shared/ports.ts";
import type { Revision } from "./revision.ts";
import type { Task } from "./task.ts";

const silent = { stdout: null, stderr: null };

/** One worker, moved by hand. */
export class TestWorker implements Worker {
  readonly id: string;
  readonly spec: WorkerSpec;
  readonly exited: Promise<WorkerExit>;
  readonly stops: StopReason[] = [];
  handler = "";
  yields: boolean | undefined;
  probes = 0;
  readonly #waiting = new Map<number, InvocationListener>();
  #last = 0;
  #busy = false;
  #exit: (exit: WorkerExit) => void = () => {};

  constructor(id: string, spec: WorkerSpec) {
    this.id = id;
    this.spec = spec;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  /** The invocations that it holds, oldest first. */
  get held(): number[] {
    return [...this.#waiting.keys()];
  }

  load({ handler, yields }: Pick<LoadSpec, "handler" | "yields">): Promise<void> {
    this.handler = handler;
    this.yields = yields;
    return handler === "broken" ? Promise.reject(new Error("cannot be loaded")) : Promise.resolve();
  }

  invoke(_envelope: string, listener: InvocationListener): number {
    this.#last += 1;
    this.#waiting.set(this.#last, listener);
    return this.#last;
  }

  cancel(invocation: number): void {
    const listener = this.#waiting.get(invocation);
    this.#waiting.delete(invocation);
    listener?.returned();
  }

  probe(): void {
    this.probes += 1;
  }

  /** The oldest invocation enters its handler. */
  begin(): void {
    this.#busy = true;
    [...this.#waiting.values()][0]?.started();
  }

  /** The oldest invocation ends. */
  end(outcome: Outcome = { output: "null", logs: silent }): void {
    const [first] = this.#waiting;
    if (first === undefined) throw new Error(`worker ${this.id} holds nothing`);
    this.#waiting.delete(first[0]);
    this.#busy = false;
    first[1].finished(outcome);
  }

  /** Its process ends: what has begun fails, the rest is given back. */
  exit(reason: WorkerExit["reason"], begun: number, more: Partial<WorkerExit> = {}): void {
    const listeners = [...this.#waiting.values()];
    this.#waiting.clear();
    const error = { type: "SystemError", message: reason, stacktrace: null } as const;
    for (const [index, listener] of listeners.entries()) {
      if (index < begun) listener.finished({ error, logs: silent });
      else listener.returned();
    }
    this.#exit({ reason, detail: "", ...more });
  }

  stop(reason: StopReason): Promise<void> {
    this.stops.push(reason);
    if (this.stops.length === 1) this.exit(reason, this.#busy ? 1 : 0);
    return this.exited.then(() => undefined);
  }
}

export class TestRuntime implements Runtime {
  readonly fixedLimits = ["disk"] as const;
  readonly started: TestWorker[] = [];
  /** Set it and no worker can be started. */
  failure: Error | undefined;
  /** The organization whose workers never get ready. */
  stuck: string | undefined;

  async start(spec: WorkerSpec): Promise<Worker> {
    if (this.failure !== undefined) throw this.failure;
    if (spec.organization === this.stuck) return new Promise(() => {});
    const worker = new TestWorker(`w${this.started.length + 1}`, spec);
    this.started.push(worker);
    return worker;
  }

  /** The workers that have become those of a function. */
  get loaded(): TestWorker[] {
    return this.started.filter(({ handler }) => handler !== "");
  }

  memoryOf(workerId: string): number | undefined {
    return this.started.some(({ id }) => id === workerId) ? 1024 : undefined;
  }

  async check(): Promise<{ problems: []; warnings: []; limits: Record<string, string> }> {
    return { problems: [], warnings: [], limits: {} };
  }

  async close(): Promise<void> {}
}

export const noBlobs: Blobs = {
  put: async () => "",
  get: async () => Buffer.alloc(0),
  keep: async () => true,
  collect: async () => {},
};

/** What became of a task, in the order in which it happened. */
export class TestTask implements Task {
  readonly revision: Revision;
  readonly durable: boolean;
  readonly events: string[] = [];
  refusal: Error | undefined;

  readonly depth: number;
  gone = false;

  constructor(revision: Revision, durable = false, depth = 0) {
    this.revision = revision;
    this.durable = durable;
    this.depth = depth;
  }

  envelope(): string {
    return "{}";
  }

  started(): void {
    this.events.push("started");
  }

  log(): void {}

  finished(outcome: Outcome): void {
    this.events.push(outcome.error === undefined ? "finished" : `failed: ${outcome.error.message}`);
  }

  crash(): void {
    this.events.push("crashed");
  }

  refused(error: Error): void {
    this.events.push("refused");
    this.refusal = error;
  }
}
