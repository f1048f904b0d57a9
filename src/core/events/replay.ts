/** Replays: the events of a time are delivered to a subscription again, as work that goes on where it was after a crash. */
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { auditStatement } from "../audit/audit.ts";
import { eventOfEnvelope } from "../cloud-events/cloud-event.ts";
import type { Pace } from "../retention/pace.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import type { Database, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { enqueue, type HeldJob, repack } from "../work/job.ts";
import type { Perform } from "../work/worker.ts";
import type { Deliveries } from "./deliveries.ts";
import { eventsAfter, eventsBetween, type KeptEvent } from "./event-log.ts";
import { lookInto } from "./filters.ts";
import { orderKeyOf } from "./order.ts";
import { type SubscriptionRecord, type Subscriptions, wants } from "./subscriptions.ts";

export interface ReplayPorts {
  readonly database: Database;
  readonly iam: Iam;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly pace: Pace;
  /** Work of this kind was promised. */
  readonly wake: (kind: "replay" | "delivery") => void;
}

/** What the work says: the places of events, those in between are yet to be delivered. */
interface Replay {
  readonly subscription: string;
  readonly subscriptionId: string;
  readonly after: number;
  readonly until: number;
}

/** Events may be large. */
const AT_ONCE = 20;

export class Replays {
  readonly #ports: ReplayPorts;

  constructor(ports: ReplayPorts) {
    this.#ports = ports;
  }

  /** How many events are looked through. @throws NOT_FOUND, FORBIDDEN, BAD_REQUEST */
  async start(principal: Principal, organization: string, name: string, from: string, to?: string): Promise<number> {
    this.#ports.iam.authorize(principal, { resource: "event", action: "update", organization });
    const record = this.#ports.subscriptions.find(organization, name);
    if (record === undefined) throw new DispatchError("NOT_FOUND", { kind: "subscription", name });
    const [begin, end] = [Date.parse(from), to === undefined ? Date.now() : Date.parse(to)];
    if (begin > end)
      throw new DispatchError("BAD_REQUEST", { message: `nothing lies between from ${from} and ${to ?? "now"}` });
    const { first, last, count } = await eventsBetween(this.#ports.database, organization, begin, end);
    if (count === 0) return 0;
    const replay: Replay = { subscription: name, subscriptionId: record.id, after: first - 1, until: last };
    const payload = JSON.stringify(replay);
    await this.#ports.database.commit([
      enqueue({ organization, kind: "replay", id: randomUUID(), payload, maxAttempts: 0 }),
      auditStatement({ principal, action: "replay", organization, kind: "Subscription", name }),
    ]);
    this.#ports.wake("replay");
    return count;
  }

  readonly perform: Perform = async (job, signal) => {
    const { pace } = this.#ports;
    let replay: Replay | undefined = JSON.parse(job.payload) as Replay;
    while (replay !== undefined) {
      const at: Replay = replay;
      replay = await pace.step(signal, () => this.#step(job, at));
    }
    return [];
  };

  /** Promises the next few, and says where it goes on. */
  async #step(job: HeldJob, replay: Replay): Promise<Replay | undefined> {
    const { database, subscriptions, wake } = this.#ports;
    const record = subscriptions.find(job.organization, replay.subscription);
    if (record?.id !== replay.subscriptionId) return undefined;
    const events = await eventsAfter(database, job.organization, { ...replay, limit: AT_ONCE });
    const last = events.at(-1);
    if (last === undefined) return undefined;
    const next = { ...replay, after: Number(last.sequence) };
    const promises = events.flatMap((event) => this.#promise(record, event));
    await database.commit([...promises, repack(job, JSON.stringify(next))]);
    wake("delivery");
    return next;
  }

  #promise(subscription: SubscriptionRecord, { event: envelope, data }: KeptEvent): Statement[] {
    const event = eventOfEnvelope(envelope, data ?? undefined);
    const look = lookInto(event, () => (data === null ? null : (JSON.parse(data) as unknown)));
    if (!wants(subscription, event.eventType, look)) return [];
    const promised = { id: randomUUIDv7(), subscription, orderKey: orderKeyOf(subscription, look) };
    return this.#ports.deliveries.promise(promised, event, undefined);
  }
}
