/**
 * The audit log: who did what, in the transaction of the deed itself. Each entry is chained to the one before by a hash that
 * nobody can compute without the master key; the database sees one key for each entry, and never the key of all.
 */
import { createHmac, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { AuditTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { type Principal, peopleOf, principalText } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";

export interface AuditEntry {
  readonly principal: Principal;
  /** `create`, `update`, `delete`, `reveal` (a person read values), `use` (a run got values), `refused`. */
  readonly action: string;
  readonly organization: string;
  readonly kind: string;
  readonly name: string;
}

/** What the hash covers besides the hash before; also the order in which it does. */
export type AuditFields = Omit<AuditTable, "sequence" | "hash" | "nonce">;

/** The text of an entry, of which the hash is made. Entries of older versions have no people. */
export function entryText(row: AuditFields): string {
  const { organization, time, principal, via, action, kind, name, people } = row;
  const fields = [organization, Number(time), principal, via, action, kind, name];
  return JSON.stringify(people === null ? fields : [...fields, people]);
}

/** One key for each entry: whoever sees it can forge that entry alone. */
export function entryKey(key: Buffer, nonce: string): string {
  return createHmac("sha256", key).update(`entry\n${nonce}`).digest("hex");
}

/** Entries of this process, told apart from those of all others. */
const processNonce = randomBytes(9).toString("base64url");
let entries = 0;

/** The values of one row; the key is filled in on the way to the database, see `keyedAudit`. */
class AuditRow {
  readonly organization: string;
  readonly time = Date.now();
  readonly principal: string;
  readonly via: string;
  readonly action: string;
  readonly kind: string;
  readonly name: string;
  readonly people: string;
  readonly nonce = `${processNonce}.${entries++}`;
  readonly text: string;
  key = "";

  constructor({ principal, organization, action, kind, name }: AuditEntry) {
    this.organization = organization;
    this.principal = principalText(principal);
    this.via = principal.via;
    this.action = action;
    this.kind = kind;
    this.name = name;
    this.people = peopleOf(principal).join(" ");
    this.text = entryText(this);
  }
}

const insertAudit = statement((database, row: AuditRow) => {
  const last = database.selectFrom("audit").select("hash").orderBy("sequence", "desc").limit(1);
  return database.insertInto("audit").values({
    organization: row.organization,
    time: row.time,
    principal: row.principal,
    via: row.via,
    action: row.action,
    kind: row.kind,
    name: row.name,
    people: row.people,
    nonce: row.nonce,
    hash: sql<string>`sha256_hex(${row.key} || sha256_hex(coalesce((${last}), '') || ${row.text}))`,
  });
});

/** The row for one entry. */
export function auditStatement(entry: AuditEntry): Statement {
  return insertAudit(new AuditRow(entry));
}

/** The same database, with entries of the audit log keyed as they pass. */
export function keyedAudit(database: Database, key: Buffer): Database {
  return {
    query: database.query,
    take: (taken, passing) => database.take(taken, passing),
    lost: database.lost,
    close: () => database.close(),
    commit: (unit, more) => {
      for (const { values } of unit) if (values instanceof AuditRow) values.key = entryKey(key, values.nonce);
      return database.commit(unit, more);
    },
  };
}
