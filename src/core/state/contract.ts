/** What applications keep between their runs: values under keys, for each organization and application. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { anyJson, resourceName } from "../shared/schemas.ts";

/** Letters, digits and what paths, times and addresses are made of; at most 256. */
const key = {
  type: "string",
  minLength: 1,
  maxLength: 256,
  pattern: "^[\\w\\-.:/@+=~ ]+$",
} as const;

const version = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

export const stateEntrySchema = {
  type: "object",
  properties: {
    application: resourceName,
    key,
    /** Another number after every write. */
    version,
    /** Unix seconds. */
    modifiedTime: { type: "integer" },
    /** Bytes of the value as JSON. */
    size: { type: "integer" },
    value: anyJson,
  },
} as const;

export type StateEntry = Omit<Static<typeof stateEntrySchema>, "value">;

export const applicationStateSchema = {
  type: "object",
  properties: { application: resourceName, keys: { type: "integer" }, size: { type: "integer" } },
} as const;

export type ApplicationState = Static<typeof applicationStateSchema>;

const resource = "state";
const item = "/v1/state/{application}/{key}";
const parameters = { key } as const;
const page = {
  limit: { type: "integer", minimum: 1, maximum: 1000 },
  cursor: { type: "string", maxLength: 256 },
} as const;

export const stateOperations = {
  listApplications: {
    method: "GET",
    path: "/v1/state",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List the applications that keep something",
    query: { type: "object", properties: page },
    response: { type: "array", items: applicationStateSchema },
  },
  listState: {
    method: "GET",
    path: "/v1/state/{application}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List the keys of an application in their order, without values",
    query: {
      type: "object",
      properties: {
        prefix: { type: "string", maxLength: 256 },
        ...page,
      },
    },
    response: { type: "array", items: stateEntrySchema },
  },
  getState: {
    method: "GET",
    path: item,
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get the value under a key",
    parameters,
    response: stateEntrySchema,
  },
  putState: {
    method: "PUT",
    path: item,
    permission: { resource, action: "update" },
    success: 200,
    summary:
      "Put a value under a key. With `version` only while the value is at that one, 0 for none; otherwise 409 and nothing changes",
    parameters,
    ownValue: true,
    body: { type: "object", required: ["value"], properties: { value: anyJson, version } },
    response: stateEntrySchema,
  },
  deleteState: {
    method: "DELETE",
    path: item,
    permission: { resource, action: "delete" },
    success: 204,
    summary: "Delete a key, with `version` only while its value is at that one",
    parameters,
    query: { type: "object", properties: { version } },
  },
} as const satisfies Operations;
