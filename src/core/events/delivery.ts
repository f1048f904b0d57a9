/** One delivery: what its work says, the run that it asks for, and what the end or the refusal of that means for it. Pure. */
import { type CloudEvent, envelopeOfEvent } from "../cloud-events/cloud-event.ts";
import type { RunRecord } from "../runs/record.ts";
import type { Parent, RunRequest } from "../runs/request.ts";
import { DispatchError, isError } from "../shared/errors.ts";
import { OwnError } from "../shared/own-error.ts";
import { StaleWriteError } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { HeldJob, Job } from "../work/job.ts";
import { kinds } from "../work/kinds.ts";
import { HopelessError, NotNowError } from "../work/worker.ts";
import type { PromisedRow } from "./delivery-log.ts";
import type { SubscriptionRecord } from "./subscriptions.ts";

/** Milliseconds before it is tried again where there is no room. */
export const NO_ROOM_PAUSE_MS = 500;

/** An event's delivery that is to be. */
export interface Promised {
  readonly id: string;
  readonly subscription: SubscriptionRecord;
  readonly orderKey: string;
  /** Why it is a dead letter at once. */
  readonly refusal?: string | undefined;
}

/** What the work says. */
export interface Delivery {
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

export function deliveryOf({ name, id }: SubscriptionRecord, event: CloudEvent, parent: Parent | undefined): Delivery {
  return {
    subscription: name,
    subscriptionId: id,
    eventType: event.eventType,
    eventID: event.eventID,
    source: event.source,
    input: event.data,
    event: envelopeOfEvent(event),
    parent,
  };
}

export function jobOf({ id, subscription, orderKey }: Promised, delivery: Delivery): Job {
  const { organization, document } = subscription;
  const maxAttempts = document.retries === undefined ? kinds.delivery.maxAttempts : 1 + document.retries;
  return { organization, kind: "delivery", id, orderKey, payload: JSON.stringify(delivery), maxAttempts };
}

export function rowOf({ id, subscription }: Promised, { eventType, source, eventID = "" }: CloudEvent): PromisedRow {
  const { organization, name } = subscription;
  return {
    organization,
    id,
    subscription: name,
    subscription_id: subscription.id,
    type: eventType,
    source,
    event_id: eventID,
  };
}

export function subscriberOf({ organization, name, author }: SubscriptionRecord): Principal {
  return { kind: "subscription", id: name, organization, via: "internal", people: [author] };
}

export function requestOf(
  { organization, document }: SubscriptionRecord,
  { input, event, parent }: Delivery,
): RunRequest {
  const { function: functionName, secrets } = document;
  return { organization, functionName, blocking: false, input, secrets: secrets ?? undefined, event, parent };
}

export function isLastFailure({ attempt, maxAttempts }: HeldJob, error: unknown): boolean {
  if (error instanceof NotNowError || error instanceof StaleWriteError) return false;
  return error instanceof HopelessError || (maxAttempts > 0 && attempt >= maxAttempts);
}

/** @throws what keeps the event from being delivered */
export function judge(run: RunRecord | undefined): void {
  // The function was deleted meanwhile, and its runs with it.
  if (run === undefined || run.status === "READY") return;
  // The server stops, or has not taken it up yet.
  if (run.finished === undefined) throw new NotNowError(NO_ROOM_PAUSE_MS);
  const message = `run ${run.id}: ${run.error?.message ?? "it failed"}`;
  if (run.error?.type === "InputError") throw new HopelessError(message);
  throw new OwnError(message);
}

/** The function does not exist, or nothing of it was ever ready: its events wait for it. */
export function isNotThere(error: unknown): boolean {
  return isError(error, "NOT_FOUND", "FUNCTION_NOT_READY");
}

/** A refusal because there is no room does not count as an attempt; an error that would come every time makes a dead letter. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof DispatchError)) return error;
  if (error.isPassing) return new NotNowError(NO_ROOM_PAUSE_MS, error);
  return error.error === "INTERNAL" ? error : new HopelessError(error.message);
}
