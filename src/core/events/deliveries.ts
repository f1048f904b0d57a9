/**
 * Deliveries: an event on its way to one subscription is work of its own. Each subscription gets its events in the order of
 * their arrival (order.ts), each until a run has ended well, or until it is a dead letter (decisions 19).
 */
import { randomUUID } from "node:crypto";
import { type CloudEvent, envelopeOfEvent } from "../cloud-events/cloud-event.ts";
import type { RunRecord } from "../runs/record.ts";
import type { Parent, RunRequest } from "../runs/request.ts";
import { DispatchError, isError } from "../shared/errors.ts";
import { OwnError, wordsOf } from "../shared/own-error.ts";
import { type Database, StaleWriteError, type Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { buryUntried, enqueue, type HeldJob, hasten, type Job, repack, stepAside } from "../work/job.ts";
import { kinds } from "../work/kinds.ts";
import { type Ending, HopelessError, NotNowError, type Perform, type Place } from "../work/worker.ts";
import { logDelivered, logDropped, logPromise, logReason, logRun } from "./delivery-log.ts";
import { concurrencyOf, keysOf, ownKeyOf, waitsForEnds } from "./order.ts";
import type { SubscriptionRecord, Subscriptions } from "./subscriptions.ts";
import { DeliveryTurns } from "./turns.ts";
import { WaitingBound } from "./waiting-bound.ts";

export interface DeliveryPorts {
  readonly database: Database;
  readonly subscriptions: Subscriptions;
  readonly runs: {
    /** Resolves when the run is on record. */
    create(principal: Principal, request: RunRequest): Promise<{ readonly id: string }>;
    /** The run as it is on record. */
    find(organization: string, id: string): Promise<RunRecord | undefined>;
    /** The run at its end; undefined when it left no record, or the server stops. */
    ended(organization: string, id: string): Promise<RunRecord | undefined>;
  };
  /** Deliveries can be made that could not before. */
  readonly wake: () => void;
  readonly log: { warn(details: object, message: string): void };
  /** So many events wait for a subscription that gets none now; 0 for any number. */
  readonly mostWaiting: number;
  /** The name of this one. */
  readonly server: string;
}

/** An event's delivery that is to be. */
export interface Promised {
  readonly id: string;
  readonly subscription: SubscriptionRecord;
  readonly orderKey: string;
  /** Why it is a dead letter at once. */
  readonly refusal?: string | undefined;
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

/** The run of a delivery that is to be waited for. */
interface Begun {
  readonly run: string;
  /** It has left its order: what ends its run well ends its work in the same unit, see `endOfRun`. */
  readonly hasLeft: boolean;
}

type Begin = () => Promise<Begun | undefined>;

/** Deliveries of one order that were taken together. */
interface Batch {
  stopped: boolean;
}

/** Each may hold a megabyte. */
const MOST_TOGETHER = 64;
const NO_ROOM_PAUSE_MS = 500;
/** Deliveries are woken when they become possible; this is the pause for the case that a wake-up was lost. */
const NOT_POSSIBLE_PAUSE_MS = 10_000;
/** An event is acknowledged when it is on record. The answer waits at most so long, in milliseconds, until its runs exist, too. */
const ACKNOWLEDGE_WITHIN_MS = 500;

export class Deliveries {
  readonly #ports: DeliveryPorts;
  readonly #bound: WaitingBound;
  readonly #turns = new DeliveryTurns();
  /** By job: who waits for its run to be on record. */
  readonly #starting = new Map<string, () => void>();
  /** By subscription: the delivery that this process promised last, until it ends; those that come then need not wait for it. */
  readonly #last = new Map<string, string>();
  /** By subscription: why its deliveries wait, so that it is told once. */
  readonly #waiting = new Map<string, string>();

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
    this.#bound = new WaitingBound(ports);
  }

  /** Lets one more wait for a subscription that gets none now: undefined, or why it may not. */
  async refusal(subscription: SubscriptionRecord): Promise<string | undefined> {
    const reason = subscription.document.paused ? "it is paused" : this.#waiting.get(subscription.id);
    return reason === undefined ? undefined : this.#bound.admit(subscription, reason);
  }

  /** The work that brings an event to a subscription, or its dead letter, and its place in the log. */
  promise(
    { id, subscription, orderKey, refusal }: Promised,
    event: CloudEvent,
    parent: Parent | undefined,
  ): Statement[] {
    const delivery: Delivery = {
      subscription: subscription.name,
      subscriptionId: subscription.id,
      eventType: event.eventType,
      eventID: event.eventID,
      source: event.source,
      input: event.data,
      event: envelopeOfEvent(event),
      parent,
    };
    const { organization } = subscription;
    const payload = JSON.stringify(delivery);
    const { retries } = subscription.document;
    const maxAttempts = retries === undefined ? kinds.delivery.maxAttempts : 1 + retries;
    const job: Job = { organization, kind: "delivery", id, orderKey, payload, maxAttempts };
    return [
      refusal === undefined ? enqueue(job) : buryUntried(job, randomUUID(), refusal),
      logPromise({
        ...{ organization, id, subscription: subscription.name, subscription_id: subscription.id },
        ...{ type: event.eventType, source: event.source, event_id: event.eventID ?? "" },
      }),
    ];
  }

  /** Wakes the deliveries of a subscription: what they wait for may have happened. */
  async hasten({ organization, id }: SubscriptionRecord): Promise<void> {
    this.#goOn(id);
    await this.#ports.database.commit([hasten({ organization, kind: "delivery", ...keysOf(id) })]);
    this.#ports.wake();
  }

  /** A function is there that was not, or is another now. */
  functionChanged(organization: string, name: string): void {
    const { subscriptions, log } = this.#ports;
    const waiting = subscriptions.running(organization, name).filter(({ id }) => this.#waiting.has(id));
    for (const record of waiting)
      this.hasten(record).catch((error: unknown) => log.warn({ err: error }, "deliveries could not be hastened"));
  }

  /** A subscription was written: if that resumed it, its deliveries go on at once. */
  subscriptionChanged(organization: string, name: string): void {
    const { subscriptions, log } = this.#ports;
    const record = subscriptions.find(organization, name);
    if (record === undefined || record.document.paused || !this.#waiting.has(record.id)) return;
    this.hasten(record).catch((error: unknown) => log.warn({ err: error }, "deliveries could not be hastened"));
  }

  /** Resolves when the run of a delivery is on record, unless others of the subscription are ahead of it. */
  started(id: string, { id: subscription }: SubscriptionRecord): Promise<void> {
    const isFirst = !this.#last.has(subscription);
    this.#last.set(subscription, id);
    if (!isFirst) return Promise.resolve();
    return new Promise((resolve) => {
      this.#starting.set(id, resolve);
      setTimeout(() => this.#hasStarted(id), ACKNOWLEDGE_WITHIN_MS).unref();
    });
  }

  readonly perform: Perform = (job, _signal, place) =>
    this.#settle(job, (record, delivery) => this.#inTurn(record, job, delivery, place));

  /** `act` brings it to its subscription, and says whether that has ended its work, too. */
  async #settle(
    job: HeldJob,
    act: (record: SubscriptionRecord, delivery: Delivery) => Promise<boolean>,
  ): Promise<Ending> {
    const delivery = JSON.parse(job.payload) as Delivery;
    try {
      const record = this.#ports.subscriptions.find(job.organization, delivery.subscription);
      // The subscription was deleted: nothing more is delivered to it.
      const isThere = record?.id === delivery.subscriptionId;
      const isOver = isThere && (await act(record, delivery));
      this.#hasEnded(job, delivery);
      if (isOver) return undefined;
      return isThere ? logDelivered(job, this.#ports.server) : logDropped(job);
    } catch (error) {
      if (isLastFailure(job, error)) this.#warn(job, delivery, error);
      throw error;
    } finally {
      this.#hasStarted(job.id);
    }
  }

  async #inTurn(record: SubscriptionRecord, job: HeldJob, delivery: Delivery, place: Place): Promise<boolean> {
    // A retry waits behind others. First attempts are few at once, because they keep their order.
    if (job.attempt > 1 && this.#turns.isCrowded(record.id, 2 * concurrencyOf(record)))
      throw new NotNowError(NO_ROOM_PAUSE_MS);
    place.free();
    return this.#deliver(record, job, delivery, place, (current) => {
      const begin = () => this.#begin(current, job, delivery);
      if (waitsForEnds(current)) return begin();
      // After a crash several begin again at once, and keep their order.
      return this.#turns.inOrder(current.id, () => this.#withFollowers(current, job, place, begin));
    });
  }

  /** Waits for its turn, lets `begin` start its run, and waits for the end of that; says whether that has ended its work, too. */
  async #deliver(
    subscription: SubscriptionRecord,
    job: HeldJob,
    delivery: Delivery,
    place: Place,
    begin: (current: SubscriptionRecord) => Promise<Begun | undefined>,
  ): Promise<boolean> {
    const leave = await this.#turns.enter(subscription.id, concurrencyOf(subscription));
    try {
      // The subscription may have been changed or deleted while this delivery waited for its turn.
      const current = this.#ports.subscriptions.find(job.organization, delivery.subscription);
      const begun = current?.id === delivery.subscriptionId ? await begin(current) : undefined;
      this.#hasStarted(job.id);
      // Whoever is behind it may be at the front now.
      place.free();
      return await this.#isOver(job, begun);
    } finally {
      leave();
    }
  }

  /** Some of those behind it are taken along: each begins as soon as it has a turn, several in one write to the disk. */
  async #withFollowers(
    record: SubscriptionRecord,
    job: HeldJob,
    place: Place,
    begin: Begin,
  ): Promise<Begun | undefined> {
    const isAlone =
      job.orderKey !== record.id || record.document.paused === true || this.#last.get(record.id) === job.id;
    const followers = isAlone ? [] : await place.takeBehind(Math.min(concurrencyOf(record), MOST_TOGETHER));
    const batch: Batch = { stopped: false };
    // Each of these puts its unit on its way before the next one does.
    const begun = inBatch(batch, begin);
    for (const follower of followers) place.also(follower, () => this.#follow(follower, batch, place));
    return begun;
  }

  #follow(job: HeldJob, batch: Batch, place: Place): Promise<Ending> {
    return this.#settle(job, (record, delivery) =>
      this.#deliver(record, job, delivery, place, (current) =>
        inBatch(batch, () => this.#begin(current, job, delivery)),
      ),
    );
  }

  /** Resolves when its run has ended well, with whether the unit of that was the end of its work. */
  async #isOver({ organization }: HeldJob, begun: Begun | undefined): Promise<boolean> {
    if (begun === undefined) return false;
    const run = await this.#ports.runs.ended(organization, begun.run);
    judge(run);
    return run !== undefined && begun.hasLeft;
  }

  /** The run that is to be waited for; undefined when an earlier one has ended well. */
  async #begin(record: SubscriptionRecord, job: HeldJob, delivery: Delivery): Promise<Begun | undefined> {
    const earlier =
      delivery.run === undefined ? undefined : await this.#ports.runs.find(job.organization, delivery.run);
    if (earlier?.status === "READY") return undefined;
    // A restart has taken this run up again.
    if (earlier !== undefined && earlier.finished === undefined)
      return { run: earlier.id, hasLeft: job.orderKey === ownKeyOf(record, job.id) };
    if (record.document.paused) await this.#wait(record, job, "it is paused");
    return this.#start(record, job, delivery);
  }

  /** @throws NotNowError */
  async #wait({ organization, name, id }: SubscriptionRecord, job: HeldJob, reason: string): Promise<never> {
    if (this.#waiting.get(id) !== reason) {
      this.#ports.log.warn({ organization, subscription: name }, `the events of subscription ${name} wait: ${reason}`);
      this.#waiting.set(id, reason);
      await this.#ports.database.commit([logReason(job, reason)]);
    }
    throw new NotNowError(NOT_POSSIBLE_PAUSE_MS);
  }

  /** The job records the run's id, so that after a crash no second run is started. */
  async #start(record: SubscriptionRecord, job: HeldJob, delivery: Delivery): Promise<Begun> {
    const { organization, name, author, document } = record;
    const subscriber: Principal = {
      ...{ kind: "subscription", id: name, organization, via: "internal" },
      people: [author],
    } as const;
    const hasLeft = !waitsForEnds(record);
    const others = hasLeft ? stepAside(job, ownKeyOf(record, job.id)) : [];
    try {
      const { id } = await this.#ports.runs.create(subscriber, {
        organization,
        functionName: document.function,
        blocking: false,
        input: delivery.input,
        secrets: document.secrets ?? undefined,
        event: delivery.event,
        parent: delivery.parent,
        together: (run) => [
          repack(job, JSON.stringify({ ...delivery, run })),
          logRun(job, run, job.attempt),
          ...others,
        ],
      });
      this.#goOn(record.id);
      return { run: id, hasLeft };
    } catch (error) {
      if (isNotThere(error)) await this.#wait(record, job, wordsOf(error));
      throw refusal(error);
    }
  }

  /** It gets events again. */
  #goOn(subscription: string): void {
    this.#waiting.delete(subscription);
    this.#bound.forget(subscription);
  }

  #hasStarted(id: string): void {
    this.#starting.get(id)?.();
    this.#starting.delete(id);
  }

  #hasEnded({ id }: HeldJob, { subscriptionId }: Delivery): void {
    if (this.#last.get(subscriptionId) === id) this.#last.delete(subscriptionId);
  }

  /** Nothing more is tried: it is a dead letter. */
  #warn(job: HeldJob, delivery: Delivery, error: unknown): void {
    this.#hasEnded(job, delivery);
    const { subscription, eventID } = delivery;
    const facts = { organization: job.organization, subscription, eventID };
    this.#ports.log.warn(facts, `an event was not delivered: ${wordsOf(error)}`);
  }
}

/** Begins one of a batch. When one cannot begin, those behind it do not try: they would overtake it. */
async function inBatch(batch: Batch, begin: Begin): Promise<Begun | undefined> {
  if (batch.stopped) throw new NotNowError(0);
  try {
    return await begin();
  } catch (error) {
    batch.stopped = true;
    throw error;
  }
}

function isLastFailure({ attempt, maxAttempts }: HeldJob, error: unknown): boolean {
  if (error instanceof NotNowError || error instanceof StaleWriteError) return false;
  return error instanceof HopelessError || (maxAttempts > 0 && attempt >= maxAttempts);
}

/** @throws what keeps the event from being delivered */
function judge(run: RunRecord | undefined): void {
  // The function was deleted meanwhile, and its runs with it.
  if (run === undefined || run.status === "READY") return;
  // The server stops, or has not taken it up yet.
  if (run.finished === undefined) throw new NotNowError(NO_ROOM_PAUSE_MS);
  const message = `run ${run.id}: ${run.error?.message ?? "it failed"}`;
  if (run.error?.type === "InputError") throw new HopelessError(message);
  throw new OwnError(message);
}

/** The function does not exist, or nothing of it was ever ready: its events wait for it. */
function isNotThere(error: unknown): boolean {
  return isError(error, "NOT_FOUND", "FUNCTION_NOT_READY");
}

/** A refusal because there is no room does not count as an attempt; an error that would come every time makes a dead letter. */
function refusal(error: unknown): unknown {
  if (!(error instanceof DispatchError)) return error;
  if (error.isPassing) return new NotNowError(NO_ROOM_PAUSE_MS, error);
  return error.error === "INTERNAL" ? error : new HopelessError(error.message);
}
