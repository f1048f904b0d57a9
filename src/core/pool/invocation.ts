import type { InvocationListener, Outcome, RunTag } from "../shared/ports.ts";
import type { Birth } from "./birth.ts";
import type { Task } from "./task.ts";

/** The worker's side of it. */
export interface Holder {
  readonly born: Birth;
  running: Invocation | undefined;
  /** It has ended. */
  done(invocation: Invocation): void;
  /** It never started in this worker. */
  takenBack(invocation: Invocation): void;
}

/** One task inside one worker: hears the worker, tells the slot and the task. */
export class Invocation implements InvocationListener {
  readonly task: Task;
  readonly #slot: Holder;
  /** The worker's number for it, to take it back by; 0 before it was sent. */
  number = 0;
  /** Milliseconds on the monotonic clock; 0 while it waits in the worker. */
  startedAt = 0;
  /** When it was sent. */
  sentAt = 0;

  constructor(slot: Holder, task: Task) {
    this.#slot = slot;
    this.task = task;
  }

  get tag(): RunTag | undefined {
    return this.task.tag;
  }

  started(): void {
    this.startedAt = performance.now();
    this.#slot.running = this;
    this.task.started(this.#slot.born);
  }

  log(stream: "stdout" | "stderr", line: string): void {
    this.task.log(stream, line);
  }

  finished(outcome: Outcome): void {
    this.#slot.done(this);
    this.task.finished(outcome);
  }

  returned(): void {
    this.#slot.takenBack(this);
  }
}
