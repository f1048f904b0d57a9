/** Functions on the wire (server.md 2.6), with the additional optional fields env, limits, network and retries. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { anyJson, pageQuery, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

/** `memory` and `disk` in mebibytes, `cpu` in processors, `pids` processes and threads, `concurrency` workers at once. */
export const limitsSchema = {
  type: "object",
  properties: {
    memory: { type: "integer", minimum: 32, maximum: 1048576 },
    cpu: { type: "number", exclusiveMinimum: 0, maximum: 1024 },
    pids: { type: "integer", minimum: 8, maximum: 32768 },
    disk: { type: "integer", minimum: 1, maximum: 1048576 },
    concurrency: { type: "integer", minimum: 1, maximum: 1024 },
  },
} as const;

export const functionSchema = {
  type: "object",
  required: ["image", "name"],
  properties: {
    createdTime: { type: "integer" },
    env: { type: "object", additionalProperties: { type: "string" } },
    faasId: uuid,
    functionImageURL: { type: "string" },
    handler: { type: "string" },
    id: uuid,
    image: { type: "string" },
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    limits: limitsSchema,
    modifiedTime: { type: "integer" },
    name: resourceName,
    network: { type: "string", enum: ["isolated", "none", "host"] },
    reason: strings,
    /** How often a run that was interrupted by a restart is started again. */
    retries: { type: "integer", minimum: 0, maximum: 100 },
    schema: { type: "object", properties: { in: anyJson, out: anyJson } },
    secrets: strings,
    services: strings,
    /** Base64 of a gzipped tar. */
    source: { type: "string" },
    sourcePath: { type: "string" },
    sourceURL: { type: "string" },
    status,
    tags,
    /** Milliseconds; 0 is none. */
    timeout: { type: "integer", minimum: 0 },
  },
} as const;

export type FunctionResource = Static<typeof functionSchema>;

const resource = "function";

export const functionOperations = {
  createFunction: {
    method: "POST",
    path: "/v1/function",
    permission: { resource, action: "create" },
    success: 201,
    summary: "Create a function from its source",
    body: functionSchema,
    response: functionSchema,
  },
  listFunctions: {
    method: "GET",
    path: "/v1/function",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List functions",
    query: { type: "object", properties: { ...pageQuery.properties, state: { type: "string" } } },
    response: { type: "array", items: functionSchema },
  },
  getFunction: {
    method: "GET",
    path: "/v1/function/{functionName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a function",
    response: functionSchema,
  },
  updateFunction: {
    method: "PUT",
    path: "/v1/function/{functionName}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace a function; the last good revision serves until the new one is ready",
    body: functionSchema,
    response: functionSchema,
  },
  deleteFunction: {
    method: "DELETE",
    path: "/v1/function/{functionName}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete a function and its runs",
    response: functionSchema,
  },
} as const satisfies Operations;
