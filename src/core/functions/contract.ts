/** Functions on the wire (server.md 2.6), with the additional optional fields env, isolation, limits, network and retries. */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { anyJson, described, keepRuns, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

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
    ...described,
    createdTime: { type: "integer" },
    env: { type: "object", additionalProperties: { type: "string" } },
    faasId: uuid,
    functionImageURL: { type: "string" },
    handler: { type: "string" },
    id: uuid,
    image: { type: "string" },
    /** `run`: each run has a fresh worker; `function`, the default: a worker serves one run after the other. */
    isolation: { type: "string", enum: ["function", "run"] },
    /** Of its runs fewer are kept than of those of others. */
    keepRuns,
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    limits: limitsSchema,
    /** Workers that are kept although nobody calls. */
    minWarm: { type: "integer", minimum: 0, maximum: 1024 },
    modifiedTime: { type: "integer" },
    name: resourceName,
    network: { type: "string", enum: ["isolated", "none", "host"] },
    reason: strings,
    /** Attempts beyond the first, for a run that nobody waits for: after faults of the system and restarts. */
    retries: { type: "integer", minimum: 0, maximum: 100 },
    /** The function's own errors are a reason for another attempt, too. */
    retryFunctionErrors: { type: "boolean" },
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

export const functionOperations = resourceOperations({
  resource: "function",
  path: "/v1/function",
  parameter: "functionName",
  word: "function",
  schema: functionSchema,
  filters: { state: { type: "string" } },
  summaries: {
    create: "Create a function from its source",
    update: "Replace a function; the last good revision serves until the new one is ready",
    delete: "Delete a function and its runs",
  },
});
