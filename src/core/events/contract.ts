/** Subscriptions, event driver types and event drivers on the wire (server.md 2.12, decisions 19 and 21). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { resourceOperations } from "../shared/resource-operations.ts";
import { anyObject, described, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

const kind = { type: "string", pattern: "^[\\w\\d\\-]+$" } as const;

/** What a driver is started with. */
const config = {
  type: "array",
  items: { type: "object", properties: { key: { type: "string" }, value: { type: "string" } } },
} as const;

export const subscriptionSchema = {
  type: "object",
  required: ["eventType", "function", "name"],
  properties: {
    ...described,
    /** Its runs that are under way at once, 16 without; 1: each waits for the end of the one before. */
    concurrency: { type: "integer", minimum: 1, maximum: 1000 },
    createdTime: { type: "integer" },
    /** An event type; `*` stands for one dot-separated part of it, `>` for all that follow. */
    eventType: { type: "string", maxLength: 128, pattern: "^[\\w\\d\\-\\.\\*>]+$" },
    /** Further conditions, all of which an event must fulfil: the dialects of CloudEvents Subscriptions, see filters.ts. */
    filters: { type: "array", maxItems: 100, items: anyObject },
    function: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    id: uuid,
    kind,
    modifiedTime: { type: "integer" },
    name: resourceName,
    /** An attribute (`subject`) or a place in the data (`data.vm.name`): events with the same value wait for each other's ends. */
    orderBy: { type: "string", maxLength: 256, pattern: "^([a-z0-9]+|data(\\..+)?)$" },
    /** Its events are kept and wait. */
    paused: { type: "boolean" },
    /** Why it does nothing; absent while it does. */
    reason: strings,
    /** Attempts beyond the first before an event is a dead letter; 5 without. */
    retries: { type: "integer", minimum: 0, maximum: 100 },
    secrets: strings,
    status,
    tags,
  },
} as const;

export const driverTypeSchema = {
  type: "object",
  required: ["image", "name"],
  properties: {
    ...described,
    config,
    "created-time": { type: "integer" },
    expose: { type: "boolean" },
    id: uuid,
    image: { type: "string" },
    kind,
    "modified-time": { type: "integer" },
    name: { ...resourceName, maxLength: 32 },
    tags,
  },
} as const;

export const driverSchema = {
  type: "object",
  required: ["name", "type"],
  properties: {
    ...described,
    config,
    "created-time": { type: "integer" },
    expose: { type: "boolean" },
    id: uuid,
    kind,
    "modified-time": { type: "integer" },
    name: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9\\-]*$",
      patternMessage:
        "name should start with lower case letter or number and may only contain lower case letters, numbers and dashes",
    },
    reason: strings,
    secrets: strings,
    status,
    tags,
    type: { type: "string", maxLength: 32 },
    url: { type: "string" },
  },
} as const;

export type Subscription = Static<typeof subscriptionSchema>;
export type DriverType = Static<typeof driverTypeSchema>;
export type Driver = Static<typeof driverSchema>;

export const subscriptionOperations = resourceOperations({
  resource: "event",
  path: "/v1/event/subscriptions",
  parameter: "subscriptionName",
  word: "subscription",
  schema: subscriptionSchema,
  summaries: { create: "Create a subscription: a function that runs for every event of a type" },
});

const command = {
  method: "POST",
  permission: { resource: "event", action: "update" },
  success: 200,
  response: subscriptionSchema,
} as const;

export const subscriptionCommands = {
  pauseSubscription: {
    ...command,
    path: "/v1/event/subscriptions/{subscriptionName}/pause",
    summary: "Pause a subscription: its events are kept and wait",
  },
  resumeSubscription: {
    ...command,
    path: "/v1/event/subscriptions/{subscriptionName}/resume",
    summary: "Resume a subscription: what waits is delivered, in order",
  },
} as const satisfies Operations;

export const driverTypeOperations = resourceOperations({
  resource: "event",
  path: "/v1/event/drivertypes",
  parameter: "driverTypeName",
  word: "event driver type",
  schema: driverTypeSchema,
});

export const driverOperations = resourceOperations({
  resource: "event",
  path: "/v1/event/drivers",
  parameter: "driverName",
  word: "event driver",
  schema: driverSchema,
});

export const driverTokenOperations = {
  issueToken: {
    method: "POST",
    path: "/v1/event/drivers/{driverName}/token",
    permission: { resource: "event", action: "update" },
    success: 201,
    summary:
      "Issue a token with which a program elsewhere pushes the driver's events; it is shown once, and the one before ends",
    response: { type: "object", required: ["token"], properties: { token: { type: "string" } } },
  },
} as const satisfies Operations;

export const driverLogOperations = {
  getLog: {
    method: "GET",
    path: "/v1/event/drivers/{driverName}/logs",
    permission: { resource: "event", action: "get" },
    success: 200,
    summary: "Get the last lines of an event driver, or those after line number `since`",
    query: { type: "object", properties: { since: { type: "integer", minimum: 0 } } },
    response: {
      type: "array",
      items: {
        type: "object",
        properties: {
          number: { type: "integer" },
          /** Milliseconds since 1970. */
          time: { type: "integer" },
          stream: { type: "string", enum: ["stdout", "stderr", "server"] },
          text: { type: "string" },
        },
      },
    },
  },
} as const satisfies Operations;
