/** Dead letters on the wire: work that could not be done, such as events that no run could take. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { anyJson, uuid } from "../shared/schemas.ts";

export const deadLetterSchema = {
  type: "object",
  properties: {
    name: uuid,
    /** `delivery`: an event that one subscription did not get. */
    kind: { type: "string" },
    attempts: { type: "integer" },
    /** Why the last attempt failed. */
    error: { type: "string" },
    /** Unix milliseconds. */
    diedTime: { type: "integer" },
    /** What was to be done: of a delivery the subscription, the event and its data as JSON text. */
    work: anyJson,
  },
} as const;

export type DeadLetter = Static<typeof deadLetterSchema>;

const resource = "deadletter";
const item = "/v1/deadletter/{letter}";
const parameters = { letter: uuid } as const;

export const deadLetterOperations = {
  listDeadLetters: {
    method: "GET",
    path: "/v1/deadletter",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List dead letters, newest first",
    query: {
      type: "object",
      properties: { limit: { type: "integer", minimum: 1, maximum: 1000 }, cursor: { type: "string" } },
    },
    response: { type: "array", items: deadLetterSchema },
  },
  getDeadLetter: {
    method: "GET",
    path: item,
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a dead letter with what was to be done",
    parameters,
    response: deadLetterSchema,
  },
  editDeadLetter: {
    method: "PUT",
    path: item,
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace the data of a dead letter, before it is sent again",
    parameters,
    ownValue: true,
    body: { type: "object", required: ["data"], properties: { data: anyJson } },
    response: deadLetterSchema,
  },
  retryDeadLetter: {
    method: "POST",
    path: `${item}/retry`,
    permission: { resource, action: "update" },
    success: 202,
    summary: "Do the work of a dead letter again, with all its attempts",
    parameters,
    response: deadLetterSchema,
  },
  deleteDeadLetter: {
    method: "DELETE",
    path: item,
    permission: { resource, action: "delete" },
    success: 204,
    summary: "Delete a dead letter",
    parameters,
  },
} as const satisfies Operations;
