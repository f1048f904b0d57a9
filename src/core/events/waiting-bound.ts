/**
 * How many events may wait for a subscription that gets none now: it is paused, or its function is not there. Those that come
 * when so many wait are dead letters at once: the oldest stay in their order, and nothing is lost.
 */
import type { Database } from "../shared/ports.ts";
import { openDeliveries } from "./order.ts";
import type { SubscriptionRecord } from "./subscriptions.ts";

export interface WaitingBoundPorts {
  readonly database: Database;
  /** 0 for any number. */
  readonly mostWaiting: number;
  readonly log: { warn(details: object, message: string): void };
}

interface Look {
  readonly waiting: Promise<{ count: number }>;
  readonly until: number;
}

/** Between two counts in the database, the events that were let in are counted here. */
const LOOK_EVERY_MS = 10_000;

export class WaitingBound {
  readonly #ports: WaitingBoundPorts;
  /** By subscription. */
  readonly #looks = new Map<string, Look>();
  /** The subscriptions for which as many wait as may: it is told once. */
  readonly #full = new Set<string>();

  constructor(ports: WaitingBoundPorts) {
    this.#ports = ports;
  }

  /** Lets one more wait: undefined, or why it may not. `reason`: why the subscription gets nothing now. */
  async admit(record: SubscriptionRecord, reason: string): Promise<string | undefined> {
    const { mostWaiting } = this.#ports;
    if (mostWaiting === 0) return undefined;
    const waiting = await this.#look(record).waiting;
    if (waiting.count < mostWaiting) {
      waiting.count++;
      this.#full.delete(record.id);
      return undefined;
    }
    const refusal = `${mostWaiting} events wait for subscription ${record.name}, as many as --max-waiting-events allows: ${reason}`;
    this.#tell(record, refusal);
    return refusal;
  }

  /** It gets events again. */
  forget(subscription: string): void {
    this.#looks.delete(subscription);
    this.#full.delete(subscription);
  }

  #look(record: SubscriptionRecord): Look {
    const last = this.#looks.get(record.id);
    if (last !== undefined && performance.now() < last.until) return last;
    const look = { waiting: this.#count(record), until: performance.now() + LOOK_EVERY_MS };
    this.#looks.set(record.id, look);
    look.waiting.catch(() => this.#looks.delete(record.id));
    return look;
  }

  async #count({ organization, id }: SubscriptionRecord): Promise<{ count: number }> {
    const { database, mostWaiting } = this.#ports;
    const some = openDeliveries(database, organization, id).select("id").limit(mostWaiting);
    const found = await database.query
      .selectFrom(some.as("some"))
      .select(({ fn }) => fn.countAll<number>().as("jobs"))
      .executeTakeFirst();
    return { count: Number(found?.jobs ?? 0) };
  }

  #tell({ organization, name, id }: SubscriptionRecord, refusal: string): void {
    if (this.#full.has(id)) return;
    this.#full.add(id);
    this.#ports.log.warn({ organization, subscription: name }, `${refusal}. Those that come now are dead letters`);
  }
}
