/**
 * The calls that wait for one function: deeper ones first, because others wait for them; else first come, first served. Who
 * has gone, or has waited too long, leaves it.
 */
import type { Admission, Waiter } from "./admission.ts";
import type { Call } from "./call.ts";

interface Waiting<C extends Call> {
  readonly call: C;
  readonly depth: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  hasBegun: boolean;
}

export class Line<C extends Call> {
  readonly #admission: Admission;
  readonly #waiter: Waiter;
  #waiting: Waiting<C>[] = [];

  constructor(admission: Admission, waiter: Waiter) {
    this.#admission = admission;
    this.#waiter = waiter;
  }

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

  /** Takes it, or refuses it with the reason. */
  add(call: C): void {
    const refusal = call.durable === true ? undefined : this.#admission.refusalAt(this.#waiter, this.length);
    if (refusal !== undefined) {
      call.refused(refusal);
      return;
    }
    const depth = call.depth ?? 0;
    if (depth === 0) this.#insert(call, this.length);
    else this.#insertBefore(call, (other) => other.depth < depth);
  }

  /** Puts back a call that a worker gave back: before other calls of the same depth. */
  return(call: C): void {
    const depth = call.depth ?? 0;
    this.#insertBefore(call, (other) => other.depth <= depth);
  }

  /** Hands the first ones to `give` until that refuses one. */
  drain(give: (call: C) => boolean): void {
    const stop = this.#waiting.findIndex((waiting) => waiting.call.gone !== true && !this.#begins(waiting, give));
    const out = this.#waiting.splice(0, stop < 0 ? this.#waiting.length : stop);
    this.#admission.count(this.#waiter, -out.length);
    for (const { call, hasBegun } of out) if (!hasBegun) this.#refuseGone(call);
  }

  /** Removes the calls whose callers have gone or whose time is over. */
  expire(now: number): void {
    if (this.#waiting.length === 0) return;
    for (const { call } of this.#remove((one) => one.call.gone === true)) this.#refuseGone(call);
    const isLate = ({ call, since }: Waiting<C>): boolean =>
      call.durable !== true && now - since > this.#admission.maxWait;
    const late = this.#remove(isLate);
    for (const { call } of late) call.refused(this.#admission.tooLong(this.#waiter));
  }

  /** Refuses all calls, for this reason. */
  refuse(reason: Error): void {
    for (const { call } of this.#remove(() => true)) call.refused(reason);
  }

  #begins(waiting: Waiting<C>, give: (call: C) => boolean): boolean {
    waiting.hasBegun = give(waiting.call);
    if (waiting.hasBegun) this.#admission.waited(performance.now() - waiting.since);
    return waiting.hasBegun;
  }

  #refuseGone(call: C): void {
    call.refused(this.#admission.callerGone(this.#waiter));
  }

  #remove(isSo: (waiting: Waiting<C>) => boolean): Waiting<C>[] {
    const out = this.#waiting.filter(isSo);
    if (out.length === 0) return out;
    const left = new Set(out);
    this.#waiting = this.#waiting.filter((one) => !left.has(one));
    this.#admission.count(this.#waiter, -out.length);
    return out;
  }

  #insertBefore(call: C, isBefore: (other: Waiting<C>) => boolean): void {
    const at = this.#waiting.findIndex(isBefore);
    this.#insert(call, at < 0 ? this.length : at);
  }

  #insert(call: C, at: number): void {
    this.#waiting.splice(at, 0, { call, depth: call.depth ?? 0, since: performance.now(), hasBegun: false });
    this.#admission.count(this.#waiter, 1);
  }
}
