/** What a server that was stopped has left in its database. */

import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { AuditTable } from "../../../src/core/shared/database-schema.ts";
import { databaseAddress } from "./server-database.ts";

/** All rows of a query on the database of the server with this data folder. */
export function rowsOf<Row>(dataDir: string, sql: string): Row[] {
  const address = databaseAddress(dataDir);
  return address === undefined ? rowsOfFile(dataDir, sql) : rowsOfPostgres(address, sql);
}

function rowsOfPostgres<Row>(address: string, sql: string): Row[] {
  const query = `select coalesce(json_agg(rows), '[]') from (${sql}) rows`;
  const { stdout, stderr, status } = spawnSync("psql", ["-At", "-d", address, "-c", query], { encoding: "utf8" });
  if (status !== 0) throw new Error(`psql: ${stderr}`);
  return JSON.parse(stdout) as Row[];
}

function rowsOfFile<Row>(dataDir: string, sql: string): Row[] {
  const database = new Database(join(dataDir, "dispatch.db"), { readonly: true });
  try {
    return database.prepare(sql).all() as Row[];
  } finally {
    database.close();
  }
}

/** Everything that the database holds, as it lies there. */
export async function databaseContent(dataDir: string): Promise<Buffer> {
  const address = databaseAddress(dataDir);
  if (address === undefined) return readFile(join(dataDir, "dispatch.db"));
  return spawnSync("pg_dump", ["-d", address], { maxBuffer: 64 * 1024 * 1024 }).stdout;
}

export function auditRows(dataDir: string): AuditTable[] {
  return rowsOf(dataDir, "select * from audit order by sequence");
}
