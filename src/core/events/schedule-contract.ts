/** When clocks go off, on the wire. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { status } from "../shared/schemas.ts";

export const firingSchema = {
  type: "object",
  required: ["time", "status"],
  properties: {
    /** When it was due; of times that were missed the first. Unix milliseconds. */
    time: { type: "integer" },
    status: { type: "string", enum: ["FIRED", "MISSED"] },
    /** So many times were missed, the last of them then. */
    count: { type: "integer" },
    until: { type: "integer" },
    /** The event's place in the log of events. */
    event: { type: "string" },
    receivedTime: { type: "integer" },
  },
} as const;

export const scheduleSchema = {
  type: "object",
  required: ["name", "next", "last"],
  properties: {
    /** The driver's. */
    name: { type: "string" },
    type: { type: "string" },
    /** Of cron, beginning with seconds; or `@every 5s`. */
    expression: { type: "string" },
    timeZone: { type: "string" },
    status,
    /** Why it does not go off. */
    reason: { type: "string" },
    /** The next five: Unix milliseconds. */
    next: { type: "array", items: { type: "integer" } },
    /** The last five that are in the log of events, newest first. */
    last: { type: "array", items: firingSchema },
  },
} as const;

export type Firing = Static<typeof firingSchema>;
export type Schedule = Static<typeof scheduleSchema>;

const read = { method: "GET", permission: { resource: "event", action: "get" }, success: 200 } as const;

export const scheduleOperations = {
  listSchedules: {
    ...read,
    path: "/v1/event/schedules",
    summary: "List the event drivers that are clocks: when they go off next, when they did last, and what they missed",
    query: {
      type: "object",
      properties: { limit: { type: "integer", minimum: 1 }, cursor: { type: "string" } },
    },
    response: { type: "array", items: scheduleSchema },
  },
  getSchedule: {
    ...read,
    path: "/v1/event/schedules/{scheduleName}",
    summary: "Get when an event driver that is a clock goes off next, when it did last, and what it missed",
    response: scheduleSchema,
  },
} as const satisfies Operations;
