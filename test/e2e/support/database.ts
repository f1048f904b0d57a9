/** What a server that was stopped has left in its database. */
import { join } from "node:path";
import Database from "better-sqlite3";
import type { AuditTable } from "../../../src/core/shared/database-schema.ts";

/** All rows of a query on the database in a data folder. */
export function rowsOf<Row>(dataDir: string, sql: string): Row[] {
  const database = new Database(join(dataDir, "dispatch.db"), { readonly: true });
  try {
    return database.prepare(sql).all() as Row[];
  } finally {
    database.close();
  }
}

export function auditRows(dataDir: string): AuditTable[] {
  return rowsOf(dataDir, "select * from audit order by sequence");
}
