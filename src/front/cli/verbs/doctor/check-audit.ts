/** Can the audit log be believed? What the server found out about it. */

import { text } from "../../kinds/kind.ts";
import { isObject, type JsonObject } from "../../output/shape.ts";
import type { Finding } from "./finding.ts";

/** `audit` of /healthz; older servers have none. */
export function checkAudit({ audit }: JsonObject): Finding[] {
  const check = "audit log";
  if (!isObject(audit)) return [];
  if (audit.checking === true) return [{ check, state: "ok", message: "it is being checked" }];
  if (audit.whole === true) return [{ check, state: "ok", message: `whole, ${String(audit.entries)} entries sealed` }];
  const message = `it cannot be believed: ${text(audit, "reason")}`;
  const remedy = "find out who could write to the database; then dispatch audit accept goes on from what is there";
  return [{ check, state: "broken", message, remedy }];
}
