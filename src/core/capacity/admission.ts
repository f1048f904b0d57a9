/**
 * Who may wait for a worker: so many calls of a function, so many of an organization, so long, and only while the server does
 * not stop. Whoever may not hears why, each reason in its own words, and when to come again.
 */
import { DispatchError } from "../shared/errors.ts";
import type { Call } from "./call.ts";

export interface AdmissionSettings {
  /** Calls of one function that may wait. */
  readonly maxQueue: number;
  /** Milliseconds that a call may wait. */
  readonly maxWait: number;
  /** Workers at once: a chain of more calls never ends. */
  readonly maxWorkers: number;
}

/** Whose calls wait in a line. */
export interface Waiter {
  readonly organization: string;
  readonly name: string;
  /** The estimated wait of a call that comes now, in milliseconds. */
  readonly expectedWait: number;
}

export type RefusalReason = "queue" | "organization" | "wait" | "chain" | "gone" | "stop";

export interface Refused {
  readonly organization: string;
  readonly reason: RefusalReason;
  count: number;
}

/** The functions of an organization may have so many full lines together, or it would fill the memory of all. */
const FULL_LINES = 4;

export class Admission {
  readonly maxWait: number;
  readonly #settings: AdmissionSettings;
  /** Calls that wait, by organization. */
  readonly #waiting = new Map<string, number>();
  readonly #refused = new Map<string, Refused>();
  readonly #waited = { calls: 0, seconds: 0 };
  #closed = false;

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.maxWait = settings.maxWait;
  }

  /** How often it refused, and how long those waited that began. */
  get stats(): { refused: readonly Refused[]; waited: { readonly calls: number; readonly seconds: number } } {
    return { refused: [...this.#refused.values()], waited: this.#waited };
  }

  /** Why a call cannot be taken even if there is room. */
  refusalOf({ depth = 0 }: Call, { organization, name }: Omit<Waiter, "expectedWait">): DispatchError | undefined {
    if (this.#closed) return this.#refuse(organization, "stop", new DispatchError("SHUTTING_DOWN"));
    const { maxWorkers: limit } = this.#settings;
    if (depth < limit) return undefined;
    return this.#refuse(
      organization,
      "chain",
      new DispatchError("CHAIN_TOO_LONG", { name, workers: depth + 1, limit }),
    );
  }

  /** Why no further call may wait where so many wait already. */
  refusalAt(waiter: Waiter, length: number): DispatchError | undefined {
    const { maxQueue } = this.#settings;
    const { organization } = waiter;
    if (length >= maxQueue)
      return this.#overloaded("queue", waiter, `${length} calls wait already (setting max-queue)`);
    const together = this.#waiting.get(organization) ?? 0;
    if (together < maxQueue * FULL_LINES) return undefined;
    const message = `${together} calls of organization ${organization} wait already (${FULL_LINES} times the setting max-queue)`;
    return this.#overloaded("organization", waiter, message);
  }

  tooLong(waiter: Waiter): DispatchError {
    const message = `no worker had time for this call within ${this.maxWait / 1000} s (setting max-wait)`;
    return this.#overloaded("wait", waiter, message);
  }

  callerGone({ organization, name }: Waiter): DispatchError {
    return this.#refuse(organization, "gone", new DispatchError("CALLER_GONE", { name }));
  }

  count({ organization }: Waiter, difference: number): void {
    if (difference === 0) return;
    const count = (this.#waiting.get(organization) ?? 0) + difference;
    if (count === 0) this.#waiting.delete(organization);
    else this.#waiting.set(organization, count);
  }

  /** A call that waited so many milliseconds begins. */
  waited(milliseconds: number): void {
    this.#waited.calls++;
    this.#waited.seconds += milliseconds / 1000;
  }

  /** Forgets organizations besides these. */
  keepOnly(inUse: ReadonlySet<string>): void {
    for (const [key, { organization }] of this.#refused) if (!inUse.has(organization)) this.#refused.delete(key);
  }

  /** From now on nobody is admitted. */
  close(): void {
    this.#closed = true;
  }

  #overloaded(reason: RefusalReason, { organization, name, expectedWait }: Waiter, message: string): DispatchError {
    const retryAfter = Math.max(1, Math.ceil(expectedWait / 1000));
    return this.#refuse(organization, reason, new DispatchError("OVERLOADED", { name, message, retryAfter }));
  }

  #refuse(organization: string, reason: RefusalReason, error: DispatchError): DispatchError {
    const key = `${reason} ${organization}`;
    const known = this.#refused.get(key);
    if (known === undefined) this.#refused.set(key, { organization, reason, count: 1 });
    else known.count++;
    return error;
  }
}
