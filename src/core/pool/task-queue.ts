/** The calls that wait for one function: deeper ones first, because others wait for them; else first come, first served. */
import type { Task } from "./task.ts";

interface Waiting {
  readonly task: Task;
  readonly depth: number;
  /** Monotonic milliseconds. */
  readonly since: number;
}

export class TaskQueue {
  #waiting: Waiting[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** Of the next one; 0 when none waits. */
  get depth(): number {
    return this.#waiting[0]?.depth ?? 0;
  }

  /** Since when the next one waits; Infinity when none does. */
  get since(): number {
    return this.#waiting[0]?.since ?? Infinity;
  }

  add(task: Task): void {
    const waiting = { task, depth: task.depth ?? 0, since: performance.now() };
    if (waiting.depth === 0) this.#waiting.push(waiting);
    else this.#insert(waiting, (other) => other.depth < waiting.depth);
  }

  /** One that was given back goes before its equals. */
  return(task: Task): void {
    const waiting = { task, depth: task.depth ?? 0, since: performance.now() };
    this.#insert(waiting, (other) => other.depth <= waiting.depth);
  }

  /** Hands the first ones to `give` until that refuses one. */
  drain(give: (task: Task) => boolean): void {
    const stop = this.#waiting.findIndex(({ task }) => !give(task));
    this.#waiting.splice(0, stop < 0 ? this.#waiting.length : stop);
  }

  /** Takes out those for which it is so. */
  remove(isSo: (task: Task, since: number) => boolean): Task[] {
    const out = this.#waiting.filter(({ task, since }) => isSo(task, since));
    if (out.length > 0) this.#waiting = this.#waiting.filter((one) => !out.includes(one));
    return out.map(({ task }) => task);
  }

  #insert(waiting: Waiting, before: (other: Waiting) => boolean): void {
    const at = this.#waiting.findIndex(before);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting);
  }
}
