/** The audit log as it is looked through: in small pages, for only the order of its entries has an index. */
import type { AuditTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { Turns } from "../shared/turns.ts";
import type { AuditRecord } from "./contract.ts";

export interface AuditSelection {
  /** Unix seconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly action?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly limit?: number | undefined;
  /** `next` of the list before. */
  readonly cursor?: number | undefined;
}

export interface AuditList {
  readonly entries: AuditRecord[];
  /** The sequence of the last entry, when the list goes on. */
  readonly next: number | undefined;
}

const MAX_ENTRIES = 1000;
/** Looked at in one go. */
const PAGE = 500;

/** One page of all lists at a time. */
const turns = new Turns();

/** Newest first; of all organizations where none is named. */
export async function listAudit(
  database: Database,
  organization: string | undefined,
  selection: AuditSelection,
): Promise<AuditList> {
  const { limit = MAX_ENTRIES } = selection;
  const entries: AuditRecord[] = [];
  for await (const row of newestFirst(database, selection.cursor)) {
    if (!isSelected(row, organization, selection)) continue;
    if (entries.length === Math.min(limit, MAX_ENTRIES)) return { entries, next: entries.at(-1)?.sequence };
    entries.push(toWire(row));
  }
  return { entries, next: undefined };
}

async function* newestFirst(database: Database, cursor = Number.MAX_SAFE_INTEGER): AsyncGenerator<AuditTable> {
  for (let before = cursor; ; ) {
    const rows = await turns.take(() => pageBefore(database, before));
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    before = Number(last.sequence);
  }
}

function pageBefore({ query }: Database, sequence: number): Promise<AuditTable[]> {
  const rows = query.selectFrom("audit").selectAll().where("sequence", "<", sequence);
  return rows.orderBy("sequence", "desc").limit(PAGE).execute();
}

function isSelected(row: AuditTable, organization: string | undefined, wanted: AuditSelection): boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = wanted;
  const facts = [
    [organization, row.organization],
    [wanted.action, row.action],
    [wanted.kind, row.kind],
    [wanted.name, row.name],
  ];
  if (facts.some(([asked, found]) => asked !== undefined && asked !== found)) return false;
  return Number(row.time) >= since * 1000 && Number(row.time) < until * 1000;
}

function toWire(row: AuditTable): AuditRecord {
  const { organization, principal, via, action, kind, name, people, hash } = row;
  return {
    sequence: Number(row.sequence),
    time: Number(row.time),
    organization,
    principal,
    people: people === null ? [principal] : people.split(" "),
    via,
    action,
    kind,
    name,
    hash,
  };
}
