/** The logs of events and deliveries, for those who may see events. */

import { DispatchError } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { RecordList, type ResourceList } from "../store/resource-list.ts";
import type { DeliveryObject, SubscriptionCounts, SubscriptionDetails } from "./delivery-contract.ts";
import { backlogOfSubscription, type DeliveryPage, listDeliveries } from "./delivery-log.ts";
import { eventsBefore, keptText } from "./event-log.ts";
import type { EventStreams } from "./event-stream.ts";
import { countsOf } from "./subscription-counts.ts";
import type { SubscriptionRecord, Subscriptions } from "./subscriptions.ts";

export interface EventLogPorts {
  readonly database: Database;
  readonly iam: Iam;
  readonly subscriptions: Subscriptions;
  readonly streams: EventStreams;
  /** So many events wait for a subscription that gets none now; 0 for any number. */
  readonly mostWaiting: number;
}

interface EventPage {
  readonly limit?: number;
  readonly cursor?: string;
  /** Unix milliseconds. */
  readonly since?: number;
}

/** Events may be large, deliveries are not. */
const EVENTS = 20;
const MOST_BYTES = 16 * 1024 * 1024;
const DELIVERIES = 100;
const LAST_DELIVERIES = 5;

export class EventLog {
  readonly #ports: EventLogPorts;

  constructor(ports: EventLogPorts) {
    this.#ports = ports;
  }

  /** JSON texts, newest first, and where the list goes on. @throws FORBIDDEN, INVALID_TYPE */
  async events(principal: Principal, organization: string, page: EventPage) {
    this.#authorize(principal, organization);
    const { limit = EVENTS, since } = page;
    const texts: string[] = [];
    let before = page.cursor === undefined ? undefined : placeOf(page.cursor);
    // A few at a time, and no more than one answer should have: each may be large.
    for (let bytes = 0; texts.length < limit && bytes < MOST_BYTES; ) {
      const some = Math.min(EVENTS, limit - texts.length);
      const found = await eventsBefore(this.#ports.database, organization, { before, since, limit: some });
      texts.push(...found.map(keptText));
      bytes += found.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
      if (found.length < some) return { events: texts, next: undefined };
      before = Number(found.at(-1)?.sequence);
    }
    return { events: texts, next: before };
  }

  /** Server-sent events. @throws FORBIDDEN, TOO_MANY_FOLLOWERS */
  follow(principal: Principal, organization: string, after?: number): Promise<AsyncGenerator<string>> {
    this.#authorize(principal, organization);
    return this.#ports.streams.follow(organization, after);
  }

  /** Newest first, and where the list goes on. @throws FORBIDDEN, NOT_FOUND */
  async deliveries(
    principal: Principal,
    organization: string,
    { limit = DELIVERIES, ...page }: Partial<DeliveryPage>,
  ): Promise<{ readonly deliveries: DeliveryObject[]; readonly next: string | undefined }> {
    this.#authorize(principal, organization);
    const found = await listDeliveries(this.#ports.database, organization, { ...page, limit: limit + 1 });
    const deliveries = found.slice(0, limit);
    return { deliveries, next: found.length > limit ? deliveries.at(-1)?.name : undefined };
  }

  /** Of each subscription, newest first. @throws FORBIDDEN */
  counts(principal: Principal, organization: string): ResourceList<SubscriptionCounts> {
    this.#authorize(principal, organization);
    return new RecordList(this.#ports.subscriptions.all(organization), (some) => this.#countEach(some));
  }

  /** @throws FORBIDDEN, NOT_FOUND */
  async explain(principal: Principal, organization: string, name: string): Promise<SubscriptionDetails> {
    this.#authorize(principal, organization);
    const record = this.#ports.subscriptions.find(organization, name);
    if (record === undefined) throw new DispatchError("NOT_FOUND", { kind: "subscription", name });
    const { database, mostWaiting } = this.#ports;
    const page = { subscription: name, limit: LAST_DELIVERIES };
    const [counts, waiting, deliveries] = await Promise.all([
      countsOf(database, record),
      backlogOfSubscription(database, organization, record.id),
      listDeliveries(database, organization, page),
    ]);
    const backlog = { ...counts, ...waiting };
    const reason = record.document.paused ? "it is paused" : backlog.reason;
    if (reason === undefined || backlog.waiting === 0) return { ...backlog, deliveries };
    const full = mostWaiting > 0 && backlog.waiting >= mostWaiting;
    return { ...backlog, reason, ...(full ? { full } : {}), deliveries };
  }

  /** One after the other: whoever asks the database for something else need not wait for all. */
  async #countEach(records: readonly SubscriptionRecord[]): Promise<SubscriptionCounts[]> {
    const counts: SubscriptionCounts[] = [];
    for (const record of records) counts.push(await this.#countOne(record));
    return counts;
  }

  async #countOne(record: SubscriptionRecord): Promise<SubscriptionCounts> {
    const { database } = this.#ports;
    const { organization, name } = record;
    const [counts, [lastDelivery]] = await Promise.all([
      countsOf(database, record),
      listDeliveries(database, organization, { subscription: name, limit: 1 }),
    ]);
    return { name, ...counts, ...(lastDelivery === undefined ? {} : { lastDelivery }) };
  }

  #authorize(principal: Principal, organization: string): void {
    this.#ports.iam.authorize(principal, { resource: "event", action: "get", organization });
  }
}

/** @throws INVALID_TYPE */
function placeOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  const message = `cursor in query must be one that a list answered: ${JSON.stringify(cursor)}`;
  throw new DispatchError("INVALID_TYPE", { message });
}
