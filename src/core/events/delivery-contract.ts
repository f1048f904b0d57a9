/** The log of events and of their deliveries on the wire. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { anyJson } from "../shared/schemas.ts";

const permission = { resource: "event", action: "get" } as const;

export const keptEventSchema = {
  type: "object",
  properties: {
    /** Its place among all: a later one is greater. */
    name: { type: "string" },
    /** Unix milliseconds. */
    receivedTime: { type: "integer" },
    /** That pushed it, if one did. */
    driver: { type: "string" },
    /** CloudEvents 1.0, JSON format. */
    event: anyJson,
  },
} as const;

export const deliverySchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    subscription: { type: "string" },
    eventType: { type: "string" },
    eventID: { type: "string" },
    source: { type: "string" },
    /** `DEAD` is a dead letter, `DROPPED` one whose subscription was deleted. */
    status: { type: "string", enum: ["WAITING", "RUNNING", "RETRYING", "DELIVERED", "DEAD", "DROPPED"] },
    attempts: { type: "integer" },
    /** The run that was started last. */
    run: { type: "string" },
    /** Why it waits, or why the last attempt failed. */
    error: { type: "string" },
    deadLetter: { type: "string" },
    /** Unix milliseconds. */
    promisedTime: { type: "integer" },
    endedTime: { type: "integer" },
  },
} as const;

export type DeliveryObject = Static<typeof deliverySchema>;

/** Counts end at 1,000: that stands for so many or more. */
const counts = {
  /** Events that it got since it was made; this one is exact. */
  delivered: { type: "integer" },
  /** Deliveries that have not ended. */
  waiting: { type: "integer" },
  /** Those of them of which an attempt has failed. */
  failing: { type: "integer" },
  deadLetters: { type: "integer" },
} as const;

export const subscriptionCountsSchema = {
  type: "object",
  required: ["name", "delivered", "waiting", "failing", "deadLetters"],
  properties: { name: { type: "string" }, ...counts, lastDelivery: deliverySchema },
} as const;

export type SubscriptionCounts = Static<typeof subscriptionCountsSchema>;

export const subscriptionDetailsSchema = {
  type: "object",
  properties: {
    ...counts,
    /** Exact, too: deliveries that have not ended. */
    waiting: { type: "integer" },
    /** When the oldest of them was promised: Unix milliseconds. */
    oldestTime: { type: "integer" },
    /** What they wait for. */
    reason: { type: "string" },
    /** As many wait as may: events that come now are dead letters at once. */
    full: { type: "boolean" },
    /** The newest. */
    deliveries: { type: "array", items: deliverySchema },
  },
} as const;

export type SubscriptionDetails = Static<typeof subscriptionDetailsSchema>;

const page = { limit: { type: "integer", minimum: 1, maximum: 1000 }, cursor: { type: "string" } } as const;

export const eventLogOperations = {
  listEvents: {
    method: "GET",
    path: "/v1/event/events",
    permission,
    success: 200,
    summary: "List the events that were received, newest first",
    query: {
      type: "object",
      properties: {
        ...page,
        /** Unix milliseconds. */
        since: { type: "integer", minimum: 0 },
      },
    },
    response: { type: "array", items: keptEventSchema },
  },
  followEvents: {
    method: "GET",
    path: "/v1/event/events/stream",
    permission,
    success: 200,
    summary: "Follow the events as server-sent events: those behind the place `after`, or those that come from now on",
    query: { type: "object", properties: { after: { type: "integer", minimum: 0 } } },
  },
  listDeliveries: {
    method: "GET",
    path: "/v1/event/deliveries",
    permission,
    success: 200,
    summary: "List the deliveries of events, of all subscriptions or of one, newest first",
    query: { type: "object", properties: { ...page, subscription: { type: "string" } } },
    response: { type: "array", items: deliverySchema },
  },
  countSubscriptions: {
    method: "GET",
    path: "/v1/event/subscription-counts",
    permission,
    success: 200,
    summary: "Say of each subscription how many events it got, how many wait or fail, and what became of the last one",
    query: {
      type: "object",
      properties: { limit: { type: "integer", minimum: 1, maximum: 100 }, cursor: page.cursor },
    },
    response: { type: "array", items: subscriptionCountsSchema },
  },
  explainSubscription: {
    method: "GET",
    path: "/v1/event/subscriptions/{subscriptionName}/details",
    permission,
    success: 200,
    summary: "Say what waits for a subscription, and why, and its last deliveries",
    response: subscriptionDetailsSchema,
  },
  replaySubscription: {
    method: "POST",
    path: "/v1/event/subscriptions/{subscriptionName}/replay",
    permission: { resource: "event", action: "update" },
    success: 202,
    summary: "Deliver the events of a time to a subscription again, those that it did not get then included",
    body: {
      type: "object",
      required: ["from"],
      properties: {
        /** RFC 3339. */
        from: { type: "string", format: "date-time" },
        /** RFC 3339; now without. */
        to: { type: "string", format: "date-time" },
      },
    },
    response: {
      type: "object",
      /** So many are looked through. */
      properties: { events: { type: "integer" } },
    },
  },
} as const satisfies Operations;
