/** The calls of one container, in order: one at a time, the others wait and can be taken back. */
import type { InvocationListener } from "../../../core/shared/ports.ts";

export interface Call {
  readonly number: number;
  readonly envelope: string;
  readonly listener: InvocationListener;
}

export class Calls {
  #last = 0;
  #waiting: Call[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(envelope: string, listener: InvocationListener): number {
    this.#last += 1;
    this.#waiting.push({ number: this.#last, envelope, listener });
    return this.#last;
  }

  next(): Call | undefined {
    return this.#waiting.shift();
  }

  /** One that has begun, or is unknown, goes on. */
  cancel(number: number): void {
    const call = this.#waiting.find((waiting) => waiting.number === number);
    if (call === undefined) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== call);
    call.listener.returned();
  }

  returnAll(): void {
    for (const { listener } of this.#waiting.splice(0)) listener.returned();
  }
}
