/** The audit log over REST. */
import { auditOperations as operations } from "../../core/audit/contract.ts";
import type { AuditSelection } from "../../core/audit/list.ts";
import type { Audit } from "../../core/audit/service.ts";
import { listAnswer } from "./paging.ts";
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
  const { entries, next } = await audit.list(principal, organization, query as AuditSelection);
  return listAnswer(entries, next);
}
