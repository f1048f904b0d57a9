/** Retention on both databases. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { openPostgres } from "../../src/adapters/db/postgres/postgres.ts";
import { openSqlite } from "../../src/adapters/db/sqlite.ts";
import { NO_POSTGRES, PostgresServer, postgresPrograms } from "../support/postgres.ts";
import { retentionContract } from "./retention.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-retention-"));
afterAll(() => rmSync(folder, { recursive: true }));

retentionContract("SQLite", () => openSqlite(join(folder, "retention.db")));

const programs = postgresPrograms();
if (programs === undefined) test.skip(`retention on PostgreSQL: ${NO_POSTGRES}`, () => {});
else {
  const server = new PostgresServer(programs);
  let address = "";
  beforeAll(async () => {
    await server.start();
    address = await server.create("retention");
  });
  afterAll(() => server.dispose());
  retentionContract("PostgreSQL", () => openPostgres(address));
}
