/**
 * Deliveries: an event on its way to one subscription is work of its own. Each subscription gets its events in the order of
 * their arrival (order.ts), each until a run has ended well, or until it is a dead letter (decisions 19).
 */
import { randomUUID } from "node:crypto";
import type { CloudEvent } from "../cloud-events/cloud-event.ts";
import type { Beginning } from "../runs/beginning.ts";
import type { RunRecord } from "../runs/record.ts";
import type { Parent, RunRequest } from "../runs/request.ts";
import { wordsOf } from "../shared/own-error.ts";
import type { Database, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { buryUntried, enqueue, enqueueBegun, type HeldJob, hasten, repack, stepAside } from "../work/job.ts";
import { type Ending, NotNowError, type Perform, type Place } from "../work/worker.ts";
import {
  type Delivery,
  deliveryOf,
  isLastFailure,
  isNotThere,
  jobOf,
  judge,
  NO_ROOM_PAUSE_MS,
  type Promised,
  refusal,
  requestOf,
  rowOf,
  subscriberOf,
} from "./delivery.ts";
import { logDelivered, logDropped, logPromise, logReason, logRun } from "./delivery-log.ts";
import { Lines } from "./lines.ts";
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
    /** A run that begins with a unit, where it can begin at once: see `Runs.begin`. */
    begin(principal: Principal, request: RunRequest): Beginning | undefined;
    /** Ends a run that nobody has any more, and says whether it did. */
    endLost(run: RunRecord): Promise<boolean>;
    /** The run as it is on record. */
    find(organization: string, id: string): Promise<RunRecord | undefined>;
    /** The run at its end; undefined when it left no record, or the server stops. */
    ended(organization: string, id: string): Promise<RunRecord | undefined>;
  };
  /** Deliveries can be made that could not before. */
  readonly wake: () => void;
  /** Does a delivery whose first attempt began in the unit that promised it. */
  readonly carry: (job: HeldJob, doing: () => Promise<Ending>) => void;
  readonly log: { warn(details: object, message: string): void };
  /** So many events wait for a subscription that gets none now; 0 for any number. */
  readonly mostWaiting: number;
  /** The name of this one, in leases, too. */
  readonly server: string;
}

/** What an event is to a subscription: statements for the unit of the event, and what follows from that. */
export interface Plan {
  readonly unit: readonly Statement[];
  /** Its run begins with the unit. The unit fails with StaleWriteError when that would overtake another. */
  readonly begins: boolean;
  /** It is on record. Resolves when its run is, too, or on its way to its worker, unless others of the subscription are ahead of it. */
  kept(): Promise<void> | undefined;
  /** Whether the queue is to be looked at for it, once it is on record. */
  isDue(): boolean;
  failed(): void;
}

/** The run of a delivery that is to be waited for. */
interface Begun {
  readonly run: string;
  /** It has left its order: what ends its run well ends its work in the same unit, see `endOfRun`. */
  readonly hasLeft: boolean;
}

/** Deliveries of one order that were taken together. */
interface Batch {
  stopped: boolean;
}

/** How a delivery begins. */
interface Start {
  /** Another has its turn from then on. */
  leave(): void;
  /** Those behind it in its order were not taken along: they go on when it has left. */
  readonly isLast: boolean;
}

/** Each may hold a megabyte. */
const MOST_TOGETHER = 64;

/** As many as may wait for a turn before a retry has to wait, too. */
function mostTogether(record: SubscriptionRecord): number {
  return Math.min(MOST_TOGETHER, 2 * concurrencyOf(record) - 1);
}

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
  readonly #lines = new Lines();
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

  /** Begins at once where nothing of the subscription is ahead of it and a warm worker is free. */
  planToBegin(promised: Promised, event: CloudEvent, parent: Parent | undefined): Plan {
    return this.#planBegun(promised, event, parent) ?? this.plan(promised, event, parent);
  }

  plan(promised: Promised, event: CloudEvent, parent: Parent | undefined): Plan {
    const { id, subscription, refusal } = promised;
    const isFirst =
      this.#lines.isEmpty(subscription.id) && !this.#turns.isFull(subscription.id, concurrencyOf(subscription));
    return {
      unit: this.promise(promised, event, parent),
      begins: false,
      isDue: refusal === undefined ? this.#join(promised) : () => false,
      kept: () => (refusal === undefined && isFirst ? this.#started(id) : undefined),
      failed: () => this.#lines.leave(subscription.id, id),
    };
  }

  #join({ id, subscription }: Promised): () => boolean {
    const isDue = this.#lines.join(subscription.id, id);
    // With `orderBy` there are several orders, and others may be before it in another one only.
    return subscription.document.orderBy === undefined ? isDue : () => true;
  }

  #planBegun(promised: Promised, event: CloudEvent, parent: Parent | undefined): Plan | undefined {
    const { id, subscription, orderKey, refusal } = promised;
    if (refusal !== undefined || waitsForEnds(subscription) || !this.#isClear(subscription)) return undefined;
    const leave = this.#turns.tryEnter(subscription.id, concurrencyOf(subscription));
    if (leave === undefined) return undefined;
    const delivery = deliveryOf(subscription, event, parent);
    const run = this.#beginning(subscription, delivery, leave);
    if (run === undefined) {
      leave();
      return undefined;
    }
    const job = jobOf(promised, { ...delivery, run: run.id });
    const held = { ...job, orderKey: ownKeyOf(subscription, id), fence: 0, attempt: 1, error: undefined };
    return {
      unit: [enqueueBegun(held, this.#ports.server, orderKey), logPromise(rowOf(promised, event), run.id), ...run.unit],
      begins: true,
      isDue: () => false,
      kept: () => {
        run.committed();
        this.#ports.carry(held, () => this.#carryOut(held, run.id).finally(leave));
        return sent();
      },
      failed: () => {
        run.failed();
        leave();
      },
    };
  }

  #carryOut(job: HeldJob, run: string): Promise<Ending> {
    return this.#settle(job, () => this.#isOver(job, { run, hasLeft: true }));
  }

  /** Nothing is known that stands before a delivery to it. What is on record is looked at by the unit. */
  #isClear({ id, document }: SubscriptionRecord): boolean {
    return document.paused !== true && !this.#waiting.has(id) && this.#lines.isEmpty(id);
  }

  /** Where a run cannot be had now, the usual way says why. */
  #beginning(record: SubscriptionRecord, delivery: Delivery, leave: () => void): Beginning | undefined {
    try {
      return this.#ports.runs.begin(subscriberOf(record), { ...requestOf(record, delivery), ended: leave });
    } catch {
      return undefined;
    }
  }

  /** The work that brings an event to a subscription, or its dead letter, and its place in the log. */
  promise(promised: Promised, event: CloudEvent, parent: Parent | undefined): Statement[] {
    const { refusal, subscription } = promised;
    const job = jobOf(promised, deliveryOf(subscription, event, parent));
    return [
      refusal === undefined ? enqueue(job) : buryUntried(job, randomUUID(), refusal),
      logPromise(rowOf(promised, event)),
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

  /** Resolves when the run of a delivery is on record. */
  #started(id: string): Promise<void> {
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
      this.#lines.leave(delivery.subscriptionId, job.id);
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
    let isLast = false;
    const hasLeft = (): void => {
      if (isLast) place.pass();
    };
    return this.#deliver(record, job, delivery, hasLeft, (current, leave) => {
      if (waitsForEnds(current)) return this.#begin(current, job, delivery, { leave, isLast: true });
      const begin = (last: boolean) => {
        isLast = last;
        return this.#begin(current, job, delivery, { leave, isLast });
      };
      // After a crash several begin again at once, and keep their order.
      return this.#turns.inOrder(current.id, () => this.#withFollowers(current, job, place, begin));
    });
  }

  /** Waits for its turn, lets `begin` start its run, and waits for the end of that; says whether that has ended its work, too. */
  async #deliver(
    subscription: SubscriptionRecord,
    job: HeldJob,
    delivery: Delivery,
    hasLeft: () => void,
    begin: (current: SubscriptionRecord, leave: () => void) => Promise<Begun | undefined>,
  ): Promise<boolean> {
    const leave = await this.#turns.enter(subscription.id, concurrencyOf(subscription));
    try {
      // The subscription may have been changed or deleted while this delivery waited for its turn.
      const current = this.#ports.subscriptions.find(job.organization, delivery.subscription);
      const begun = current?.id === delivery.subscriptionId ? await begin(current, leave) : undefined;
      this.#hasStarted(job.id);
      // Whoever is behind it may be at the front now.
      if (begun?.hasLeft) hasLeft();
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
    begin: (isLast: boolean) => Promise<Begun | undefined>,
  ): Promise<Begun | undefined> {
    const isAlone =
      job.orderKey !== record.id || record.document.paused === true || this.#lines.isLast(record.id, job.id);
    const followers = isAlone ? [] : await place.takeBehind(mostTogether(record));
    const last = followers.at(-1);
    const batch: Batch = { stopped: false };
    // Each of these puts its unit on its way before the next one does.
    const begun = inBatch(batch, () => begin(last === undefined));
    for (const follower of followers)
      place.also(follower, () => this.#follow(follower, batch, follower === last ? place.pass : undefined));
    return begun;
  }

  /** `pass`: for the last, behind which others may be at the front when it has begun. */
  #follow(job: HeldJob, batch: Batch, pass: (() => void) | undefined): Promise<Ending> {
    const isLast = pass !== undefined;
    return this.#settle(job, (record, delivery) =>
      this.#deliver(record, job, delivery, pass ?? (() => {}), (current, leave) =>
        inBatch(batch, () => this.#begin(current, job, delivery, { leave, isLast })),
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
  async #begin(record: SubscriptionRecord, job: HeldJob, delivery: Delivery, start: Start): Promise<Begun | undefined> {
    const earlier =
      delivery.run === undefined ? undefined : await this.#ports.runs.find(job.organization, delivery.run);
    if (earlier?.status === "READY") return undefined;
    // A restart has taken this run up again.
    if (earlier !== undefined && earlier.finished === undefined && !(await this.#ports.runs.endLost(earlier)))
      return { run: earlier.id, hasLeft: job.orderKey === ownKeyOf(record, job.id) };
    if (record.document.paused) await this.#wait(record, job, "it is paused");
    return this.#start(record, job, delivery, start);
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
  async #start(record: SubscriptionRecord, job: HeldJob, delivery: Delivery, start: Start): Promise<Begun> {
    const hasLeft = !waitsForEnds(record);
    const together = (run: string): Statement[] => {
      const payload = JSON.stringify({ ...delivery, run });
      const work = hasLeft ? stepAside(job, ownKeyOf(record, job.id), payload, start.isLast) : [repack(job, payload)];
      return [...work, logRun(job, run, job.attempt)];
    };
    try {
      const run = await this.#startRun(subscriberOf(record), {
        ...requestOf(record, delivery),
        together,
        // The next one begins in the write to the disk that has the end of this one.
        ended: hasLeft ? start.leave : undefined,
      });
      this.#goOn(record.id);
      if (hasLeft) this.#lines.leave(record.id, job.id);
      return { run, hasLeft };
    } catch (error) {
      if (isNotThere(error)) await this.#wait(record, job, wordsOf(error));
      throw refusal(error);
    }
  }

  /** Returns its id. */
  async #startRun(subscriber: Principal, request: StartRequest): Promise<string> {
    const { runs, database } = this.#ports;
    const beginning = runs.begin(subscriber, request);
    if (beginning === undefined) return (await runs.create(subscriber, request)).id;
    try {
      await database.commit([...beginning.unit, ...request.together(beginning.id)]);
    } catch (error) {
      beginning.failed();
      throw error;
    }
    beginning.committed();
    return beginning.id;
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

  /** Nothing more is tried: it is a dead letter. */
  #warn(job: HeldJob, delivery: Delivery, error: unknown): void {
    this.#lines.leave(delivery.subscriptionId, job.id);
    const { subscription, eventID } = delivery;
    const facts = { organization: job.organization, subscription, eventID };
    this.#ports.log.warn(facts, `an event was not delivered: ${wordsOf(error)}`);
  }
}

/**
 * Resolves when what this turn of the event loop sends to workers is written, so that a run does not wait for the answer to whoever
 * sent its event: microtasks hand it to its worker, a tick comes behind them, and immediates run in the order in which they were asked for.
 */
function sent(): Promise<void> {
  return new Promise((resolve) => process.nextTick(setImmediate, resolve));
}

type StartRequest = RunRequest & { readonly together: (id: string) => readonly Statement[] };

/** Begins one of a batch. When one cannot begin, those behind it do not try: they would overtake it. */
async function inBatch(batch: Batch, begin: () => Promise<Begun | undefined>): Promise<Begun | undefined> {
  if (batch.stopped) throw new NotNowError(0);
  try {
    return await begin();
  } catch (error) {
    batch.stopped = true;
    throw error;
  }
}
