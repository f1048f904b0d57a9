/** The audit log: who did what, in the transaction of the deed itself, each entry chained by hash to the one before. */
import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { AuditTable } from "../shared/database-schema.ts";
import type { Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";

export interface AuditEntry {
  readonly principal: Principal;
  /** `create`, `update`, `delete`, `reveal` (a person read values), `use` (a run got values). */
  readonly action: string;
  readonly organization: string;
  readonly kind: string;
  readonly name: string;
}

type AuditValues = Omit<AuditTable, "sequence" | "hash"> & { readonly text: string };

/** The hash covers the entry and the hash before it: a row that was altered or removed shows (`verifyChain`). */
const insertAudit = statement((database, row: AuditValues) => {
  const last = database.selectFrom("audit").select("hash").orderBy("sequence", "desc").limit(1);
  return database.insertInto("audit").values({
    organization: row.organization,
    time: row.time,
    principal: row.principal,
    via: row.via,
    action: row.action,
    kind: row.kind,
    name: row.name,
    hash: sql<string>`sha256_hex(coalesce((${last}), '') || ${row.text})`,
  });
});

/** The row for one entry. */
export function auditStatement(entry: AuditEntry): Statement {
  const { principal, organization, action, kind, name } = entry;
  const who = { principal: `${principal.kind}:${principal.id}`, via: principal.via };
  const values = { organization, time: Date.now(), ...who, action, kind, name };
  return insertAudit({ ...values, text: JSON.stringify(Object.values(values)) });
}

/**
 * Checks rows in the order of their sequence, from the first one on. Returns the sequence of the first that was altered,
 * or that follows one which was removed; undefined when the chain is whole.
 */
export function verifyChain(rows: Iterable<AuditTable>): number | undefined {
  let before = "";
  for (const { organization, sequence, time, principal, via, action, kind, name, hash } of rows) {
    const fields = [organization, time, principal, via, action, kind, name];
    const expected = createHash("sha256")
      .update(before + JSON.stringify(fields))
      .digest("hex");
    if (hash !== expected) return sequence;
    before = hash;
  }
  return undefined;
}
