/**
 * Deliveries: an event on its way to one subscription is work of its own. Each subscription gets its events in the order of
 * their arrival, each until a run has ended well, or until it is a dead letter (decisions 19).
 */

import { type CloudEvent, envelopeOfEvent } from "../cloud-events/cloud-event.ts";
import type { RunRecord } from "../runs/record.ts";
import type { Parent, RunRequest } from "../runs/request.ts";
import { DispatchError } from "../shared/errors.ts";
import { OwnError, wordsOf } from "../shared/own-error.ts";
import type { Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { enqueue, type HeldJob, repack } from "../work/job.ts";
import { kinds } from "../work/kinds.ts";
import { HopelessError, NotNowError, type Perform } from "../work/worker.ts";
import type { SubscriptionRecord, Subscriptions } from "./subscriptions.ts";

export interface DeliveryPorts {
  readonly subscriptions: Subscriptions;
  readonly runs: {
    /** Resolves when the run is on record. */
    create(principal: Principal, request: RunRequest): Promise<{ readonly id: string }>;
    /** The run at its end; undefined when it left no record, or the server stops. */
    ended(organization: string, id: string): Promise<RunRecord | undefined>;
  };
  readonly log: { warn(details: object, message: string): void };
}

/** What the work says. */
interface Delivery {
  readonly subscription: string;
  readonly subscriptionId: string;
  readonly eventType: string;
  readonly eventID: string | undefined;
  readonly source: string;
  /** JSON text. */
  readonly input: string | undefined;
  /** JSON text of the event without its data. */
  readonly event: string;
  readonly parent: Parent | undefined;
  /** The run that was started last. */
  readonly run?: string;
}

const NO_ROOM_PAUSE_MS = 500;
/** An event is acknowledged when it is on record; so long at most the answer waits for its runs to be there, too. */
const ACKNOWLEDGE_WITHIN_MS = 500;

export class Deliveries {
  readonly #ports: DeliveryPorts;
  /** By job: who waits for its run to be on record. */
  readonly #starting = new Map<string, () => void>();
  /** By subscription: its deliveries that this process has promised and not ended. */
  readonly #pending = new Map<string, number>();

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** The work that brings an event to a subscription. */
  promise(id: string, record: SubscriptionRecord, event: CloudEvent, parent: Parent | undefined): Statement {
    const delivery: Delivery = {
      subscription: record.name,
      subscriptionId: record.id,
      eventType: event.eventType,
      eventID: event.eventID,
      source: event.source,
      input: event.data,
      event: envelopeOfEvent(event),
      parent,
    };
    const { organization, id: orderKey } = record;
    const payload = JSON.stringify(delivery);
    return enqueue({ organization, kind: "delivery", id, orderKey, payload, maxAttempts: kinds.delivery.maxAttempts });
  }

  /** Resolves when the run of a delivery is on record, unless others of the subscription are ahead of it. */
  started(id: string, { id: subscription }: SubscriptionRecord): Promise<void> {
    const ahead = this.#pending.get(subscription) ?? 0;
    this.#pending.set(subscription, ahead + 1);
    if (ahead > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#starting.set(id, resolve);
      setTimeout(() => this.#hasStarted(id), ACKNOWLEDGE_WITHIN_MS).unref();
    });
  }

  readonly perform: Perform = async (job) => {
    const delivery = JSON.parse(job.payload) as Delivery;
    try {
      await this.#deliver(job, delivery);
    } catch (error) {
      if (error instanceof HopelessError) this.#warn(job, delivery, error);
      throw error;
    } finally {
      this.#hasStarted(job.id);
    }
    this.#forget(delivery.subscriptionId);
    return [];
  };

  async #deliver(job: HeldJob, delivery: Delivery): Promise<void> {
    const record = this.#ports.subscriptions.find(job.organization, delivery.subscription);
    // Who has unsubscribed gets nothing more.
    if (record?.id !== delivery.subscriptionId) return;
    const earlier = delivery.run === undefined ? undefined : await this.#outcome(job, delivery.run);
    if (earlier?.status === "READY") return;
    // It is being taken up again.
    if (earlier !== undefined && earlier.finished === undefined) throw new NotNowError(NO_ROOM_PAUSE_MS);
    const { id } = await this.#start(record, job, delivery);
    this.#hasStarted(job.id);
    judge(await this.#outcome(job, id));
  }

  /** Which run it is stands in the work, so that whoever takes this up after a crash starts no second one. */
  async #start(record: SubscriptionRecord, job: HeldJob, delivery: Delivery): Promise<{ readonly id: string }> {
    const { organization, name, author, document } = record;
    const subscriber: Principal = {
      ...{ kind: "subscription", id: name, organization, via: "internal" },
      people: [author],
    } as const;
    try {
      return await this.#ports.runs.create(subscriber, {
        organization,
        functionName: document.function,
        blocking: false,
        input: delivery.input,
        secrets: document.secrets ?? undefined,
        event: delivery.event,
        parent: delivery.parent,
        together: (run) => [repack(job, JSON.stringify({ ...delivery, run }))],
      });
    } catch (error) {
      throw refusal(error);
    }
  }

  async #outcome({ organization }: HeldJob, id: string): Promise<RunRecord | undefined> {
    return this.#ports.runs.ended(organization, id);
  }

  #hasStarted(id: string): void {
    this.#starting.get(id)?.();
    this.#starting.delete(id);
  }

  #forget(subscription: string): void {
    const left = (this.#pending.get(subscription) ?? 1) - 1;
    if (left > 0) this.#pending.set(subscription, left);
    else this.#pending.delete(subscription);
  }

  #warn({ organization }: HeldJob, { subscription, subscriptionId, eventID }: Delivery, error: Error): void {
    this.#forget(subscriptionId);
    const facts = { organization, subscription, eventID };
    this.#ports.log.warn(facts, `an event was not delivered: ${wordsOf(error)}`);
  }
}

/** @throws what keeps the event from being delivered */
function judge(run: RunRecord | undefined): void {
  // The function was deleted meanwhile, and its runs with it.
  if (run === undefined || run.status === "READY") return;
  if (run.finished === undefined) throw new NotNowError(0);
  const message = `run ${run.id}: ${run.error?.message ?? "it failed"}`;
  if (run.error?.type === "InputError") throw new HopelessError(message);
  throw new OwnError(message);
}

/** No room is no attempt; what the same event will always meet is hopeless. */
function refusal(error: unknown): unknown {
  if (!(error instanceof DispatchError)) return error;
  if ([429, 503, 507].includes(error.status)) return new NotNowError(NO_ROOM_PAUSE_MS, error);
  const isBeingMade = error.message.endsWith("is not READY");
  return error.status < 500 && !isBeingMade ? new HopelessError(error.message) : error;
}
