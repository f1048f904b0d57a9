import type { RunRecord } from "../../src/core/runs/record.ts";

/** A run that has ended, with what a test says of it. */
export function record(fields: Partial<RunRecord> & Pick<RunRecord, "id" | "executed">): RunRecord {
  return {
    organization: "o",
    functionName: "f",
    functionId: "function-id",
    faasId: "faas-id",
    blocking: true,
    input: "1",
    secrets: null,
    tags: undefined,
    httpContext: undefined,
    event: undefined,
    parent: undefined,
    depth: 0,
    principal: "administrator:administrator",
    people: null,
    idempotencyKey: undefined,
    startAt: undefined,
    attempt: 1,
    status: "READY",
    finished: fields.executed,
    output: "2",
    error: undefined,
    stdout: null,
    stderr: null,
    reason: null,
    title: undefined,
    times: undefined,
    ...fields,
  };
}
