/** Runs on the wire (server.md 2.7, decisions 6, 7 and 18c). */
import type { Static } from "typebox";
import { cloudEventSchema } from "../cloud-events/schema.ts";
import type { Operations } from "../shared/contract.ts";
import { anyJson, anyObject, pathName, resourceName, strings, tags, uuid } from "../shared/schemas.ts";

const runStatus = {
  type: "string",
  enum: ["INITIALIZED", "CREATING", "READY", "UPDATING", "ERROR", "DELETING"],
} as const;

export const runErrorSchema = {
  type: "object",
  required: ["message", "type"],
  properties: {
    type: { type: "string", enum: ["InputError", "FunctionError", "SystemError"] },
    message: { type: "string" },
    stacktrace: strings,
  },
} as const;

/** In answers `null` when there are none. */
const lines = { ...strings, nullable: true } as const;

export const runSchema = {
  type: "object",
  properties: {
    blocking: { type: "boolean" },
    error: runErrorSchema,
    event: cloudEventSchema,
    /** Nanoseconds since 1970, exact. */
    executedTime: { type: "integer" },
    faasId: uuid,
    /** Nanoseconds since 1970, exact; absent until the run ended. */
    finishedTime: { type: "integer" },
    functionId: uuid,
    functionName: resourceName,
    httpContext: anyObject,
    input: anyJson,
    logs: { type: "object", required: ["stderr", "stdout"], properties: { stderr: lines, stdout: lines } },
    name: uuid,
    output: anyJson,
    reason: strings,
    secrets: strings,
    services: strings,
    /** RFC 3339: it does not begin before; only for a run that is not waited for. */
    startAt: { type: "string" },
    status: runStatus,
    tags,
    /** What the function said that this run is about; absent when it said nothing. */
    title: { type: "string" },
  },
} as const;

export type Run = Static<typeof runSchema>;

const microseconds = { type: "integer" } as const;

export const runDetailsSchema = {
  type: "object",
  required: ["name", "attempt", "trigger", "inputDigest"],
  properties: {
    name: uuid,
    attempt: { type: "integer" },
    /** `kind:id` of who asked: a person, an endpoint, a subscription, another run ... */
    trigger: { type: "string" },
    /** For whom they asked. */
    people: strings,
    /** The run that asked. */
    parent: uuid,
    /** `sha256:` and the digest of the input's text, exactly as it was recorded. */
    inputDigest: { type: "string" },
    /** Where the time went; absent until the run ended. */
    times: {
      type: "object",
      required: ["queue", "start", "load", "handler"],
      properties: { queue: microseconds, start: microseconds, load: microseconds, handler: microseconds },
    },
  },
} as const;

export type RunDetails = Static<typeof runDetailsSchema>;

const resource = "runs";
const selection = { functionName: pathName, since: { type: "integer" } } as const;

export const runOperations = {
  createRun: {
    method: "POST",
    path: "/v1/runs",
    permission: { resource, action: "create" },
    success: 200,
    alsoSuccess: 202,
    summary: "Run a function; 200 with the finished run when blocking, 202 when not",
    headers: { type: "object", properties: { "Idempotency-Key": { type: "string", maxLength: 255 } } },
    query: { type: "object", properties: { functionName: pathName } },
    ownValue: true,
    body: runSchema,
    response: runSchema,
  },
  listRuns: {
    method: "GET",
    path: "/v1/runs",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List runs, newest first",
    query: {
      type: "object",
      properties: {
        ...selection,
        status: runStatus,
        until: { type: "integer" },
        limit: { type: "integer", minimum: 1, maximum: 1000 },
        cursor: { type: "string" },
        /** Who asked, or for whom: `kind:id`, the id, or its last part. */
        user: { type: "string", maxLength: 256 },
        /** `endpoint`, `subscription`, `function`, `administrator` ..., or one of them: `endpoint:echo`. */
        trigger: { type: "string", maxLength: 256 },
        /** Words of the title or of the input. */
        text: { type: "string", maxLength: 256 },
        tags: strings,
      },
    },
    response: { type: "array", items: runSchema },
  },
  replayRun: {
    method: "POST",
    path: "/v1/runs/{runName}/replay",
    permission: { resource, action: "create" },
    success: 200,
    summary: "Run the recorded input of a run once more, with the function as it is now",
    response: runSchema,
  },
  explainRun: {
    method: "GET",
    path: "/v1/runs/{runName}/details",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get who asked for a run, the digest of its input, and where its time went",
    response: runDetailsSchema,
  },
  getRun: {
    method: "GET",
    path: "/v1/runs/{runName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a run",
    query: { type: "object", properties: { ...selection, tags: strings } },
    response: runSchema,
  },
  followRun: {
    method: "GET",
    path: "/v1/runs/{runName}/logs",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Follow what a run writes, as server-sent events (line, end, lost), until it has ended",
    parameters: { runName: uuid },
  },
  followRuns: {
    method: "GET",
    path: "/v1/runs/logs",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Follow what the runs of a function write, or those of all, as server-sent events",
    query: { type: "object", properties: { functionName: pathName } },
  },
  followStates: {
    method: "GET",
    path: "/v1/runs/states",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Follow how the runs of a function stand, or those of all, as server-sent events (open, state, lost)",
    query: { type: "object", properties: { functionName: pathName } },
  },
  cancelRun: {
    method: "POST",
    path: "/v1/runs/{runName}/cancel",
    permission: { resource, action: "update" },
    success: 200,
    summary: "End a run that has begun, withdraw one that has not; 409 when it has ended already",
    parameters: { runName: uuid },
    response: runSchema,
  },
} as const satisfies Operations;
