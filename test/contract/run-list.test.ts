/** Lists of runs on both databases. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { openPostgres } from "../../src/adapters/db/postgres/postgres.ts";
import { openSqlite } from "../../src/adapters/db/sqlite.ts";
import { NO_POSTGRES, PostgresServer, postgresPrograms } from "../support/postgres.ts";
import { runListContract } from "./run-list.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-run-list-"));
afterAll(() => rmSync(folder, { recursive: true }));

runListContract("SQLite", () => openSqlite(join(folder, "runs.db")));

const programs = postgresPrograms();
if (programs === undefined) test.skip(`lists of runs on PostgreSQL: ${NO_POSTGRES}`, () => {});
else {
  const server = new PostgresServer(programs);
  let address = "";
  beforeAll(async () => {
    await server.start();
    address = await server.create("runs");
  });
  afterAll(() => server.dispose());
  runListContract("PostgreSQL", () => openPostgres(address));
}
