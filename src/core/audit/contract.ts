/** The audit log over REST. */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { strings } from "../shared/schemas.ts";

const text = { type: "string" } as const;
const integer = { type: "integer" } as const;

export const auditRecordSchema = {
  type: "object",
  required: ["sequence", "time", "organization", "principal", "people", "via", "action", "kind", "name", "hash"],
  properties: {
    sequence: integer,
    /** Unix milliseconds. */
    time: integer,
    organization: text,
    /** `kind:id` of who did it: an account, a run, an endpoint. */
    principal: text,
    /** Who is accountable: the persons for whom the principal acted. */
    people: strings,
    via: text,
    action: text,
    kind: text,
    name: text,
    /** Covers the entry and the hash before it. */
    hash: text,
  },
} as const;

export type AuditRecord = Static<typeof auditRecordSchema>;

export const auditVerdictSchema = {
  type: "object",
  required: ["whole", "entries"],
  properties: {
    whole: { type: "boolean" },
    /** Of all organizations. */
    entries: integer,
    /** The newest seal, and when it was made: Unix milliseconds. */
    sealed: { type: "object", required: ["entries", "time"], properties: { entries: integer, time: integer } },
    /** Entries up to this sequence were written by a version that had no key. */
    unkeyedUntil: integer,
    /** Entries up to this sequence were accepted as they were found. */
    acceptedUntil: integer,
    /** Entries up to this sequence are in files of the audit archive, and no more in the database. */
    archivedUntil: integer,
    /** Why it is not whole. */
    reason: text,
  },
} as const;

export type AuditVerdict = Static<typeof auditVerdictSchema>;

const permission = { resource: "audit", action: "get" } as const;

export const auditOperations = {
  listAudit: {
    method: "GET",
    path: "/v1/audit",
    permission,
    success: 200,
    summary: "List entries of the audit log, newest first; without an organization those of all",
    organization: "optional",
    query: {
      type: "object",
      properties: {
        since: integer,
        until: integer,
        action: text,
        kind: text,
        name: text,
        limit: { type: "integer", minimum: 1, maximum: 1000 },
        cursor: { type: "integer", minimum: 0 },
      },
    },
    response: { type: "array", items: auditRecordSchema },
  },
  verifyAudit: {
    method: "GET",
    path: "/v1/audit/verify",
    permission,
    success: 200,
    summary: "Check that no entry of the audit log was altered, added or removed",
    organization: "optional",
    response: auditVerdictSchema,
  },
  acceptAudit: {
    method: "POST",
    path: "/v1/audit/accept",
    permission: { resource: "audit", action: "update" },
    success: 200,
    summary: "Take the audit log as it is found, after it could not be believed",
    organization: "optional",
    response: auditVerdictSchema,
  },
} as const satisfies Operations;
