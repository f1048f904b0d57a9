/** The audit log over REST. */
import { auditOperations as operations } from "../../core/audit/contract.ts";
import type { Audit, AuditSelection } from "../../core/audit/service.ts";
import { MAX_ENTRIES } from "../../core/audit/service.ts";
import { NEXT_CURSOR } from "./paging.ts";
import type { Answer, Call, Route } from "./route.ts";

export function auditRoutes(audit: Audit): Route[] {
  return [
    { operation: operations.listAudit, handle: (call) => list(audit, call) },
    {
      operation: operations.verifyAudit,
      handle: async ({ principal, organization }) => ({ body: await audit.verify(principal, organization) }),
    },
    { operation: operations.acceptAudit, handle: async ({ principal }) => ({ body: await audit.accept(principal) }) },
  ];
}

async function list(audit: Audit, { principal, organization, query }: Call): Promise<Answer> {
  const { limit = MAX_ENTRIES } = query as AuditSelection;
  const body = await audit.list(principal, organization, query as AuditSelection);
  const last = body.length === limit ? body.at(-1) : undefined;
  return last === undefined ? { body } : { body, headers: { [NEXT_CURSOR]: String(last.sequence) } };
}
