/** Workers on the wire: what is warm, busy and starting, and why. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { resourceName, uuid } from "../shared/schemas.ts";

export const workerSchema = {
  type: "object",
  required: ["language", "state", "why"],
  properties: {
    /** Absent while it starts. */
    name: { type: "string" },
    language: { type: "string" },
    /** `waiting` for a function, `starting`, `idle`, `busy`, or `ending`. */
    state: { type: "string", enum: ["waiting", "starting", "idle", "busy", "ending"] },
    /** Absent for one that waits for any function of its image. */
    functionName: resourceName,
    faasId: uuid,
    /** The run that it is busy with. */
    run: uuid,
    /** Milliseconds in this state, where that is known. */
    since: { type: "integer" },
    /** Bytes of memory without what the system only keeps for later; absent where nobody counts them. */
    memory: { type: "integer" },
    /** Why it is there, in words. */
    why: { type: "string" },
  },
} as const;

export type WorkerResource = Static<typeof workerSchema>;

export const workerOperations = {
  listWorkers: {
    method: "GET",
    path: "/v1/worker",
    permission: { resource: "worker", action: "get" },
    success: 200,
    summary: "List the organization's workers: what is warm, busy and starting, and why",
    query: { type: "object", properties: { functionName: { type: "string" } } },
    response: { type: "array", items: workerSchema },
  },
} as const satisfies Operations;
