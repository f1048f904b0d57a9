/** The audit log is cut at its old end: what is older than it has to be goes to files, and only then out of the database. */
import type { AuditTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { Chain, type Link } from "./chain.ts";
import type { Seal } from "./seal.ts";

/** Does one step of work in the background, see core/retention/pace.ts. */
export type Step = <T>(act: () => Promise<T>) => Promise<T>;

/** Entries of one file. */
const MOST = 20_000;
const PAGE = 500;

const drop = statement((database, { until }: { until: number }) =>
  database.deleteFrom("audit").where("sequence", "<=", until),
);

export interface Cut {
  readonly entries: readonly AuditTable[];
  /** The last of them. */
  readonly link: Link;
  /** There are more. */
  readonly goesOn: boolean;
}

/**
 * The sealed entries that are older than `before` (Unix milliseconds) and come after the place from which the log is trusted;
 * undefined when there are none. @throws Error when they do not follow each other
 */
export async function oldEntries(
  database: Database,
  { key, seal, before, step }: { key: Buffer; seal: Seal; before: number; step: Step },
): Promise<Cut | undefined> {
  const chain = new Chain(key, seal.unkeyedUntil, seal.from);
  const entries: AuditTable[] = [];
  while (entries.length < MOST) {
    const rows = await step(() => pageBehind(database, chain.link.sequence, seal.sequence));
    const old = rows.slice(0, rows.findIndex(({ time }) => Number(time) >= before) >>> 0);
    for (const row of old) {
      if (!chain.add(row)) throw new Error(`entry ${row.sequence} of the audit log does not follow the one before it`);
      entries.push(row);
    }
    if (old.length < PAGE) break;
  }
  return entries.length === 0 ? undefined : { entries, link: chain.link, goesOn: entries.length >= MOST };
}

/** Deletes what lies before a place, in small chunks; the entry of the place itself stays, as the chain begins with it. */
export async function dropBefore(database: Database, { sequence }: Link, step: Step): Promise<void> {
  for (;;) {
    const rows = await step(() => pageBehind(database, 0, sequence - 1));
    const until = Number(rows.at(-1)?.sequence ?? 0);
    if (until === 0) return;
    await step(() => database.commit([drop({ until })]));
  }
}

function pageBehind({ query }: Database, sequence: number, until: number): Promise<AuditTable[]> {
  const rows = query.selectFrom("audit").selectAll().where("sequence", ">", sequence).where("sequence", "<=", until);
  return rows.orderBy("sequence").limit(PAGE).execute();
}
