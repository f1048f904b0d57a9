import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import BareSqlite from "better-sqlite3";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { openSqlite } from "../../src/adapters/db/sqlite.ts";
import { DuplicateError } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";
import { databaseContract } from "./db.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-db-"));
afterAll(() => rmSync(folder, { recursive: true }));

databaseContract("sqlite", () => openSqlite(join(folder, "contract.db")));

test("a database is its owner's alone, and its folder is made", async () => {
  const path = join(folder, "new/deep/own.db");
  await (await openSqlite(path)).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a database whose thread has died says so, and refuses at once instead of waiting for ever", async () => {
  const thread = new Promise<Worker>((resolve) => void process.once("worker", resolve));
  const database = await openSqlite(join(folder, "dying.db"));
  const reading = database.query.selectFrom("settings").selectAll().execute();
  await (await thread).terminate();
  expect((await database.lost).message).toBe("the database thread has ended");
  await reading.catch(() => {});
  await expect(database.commit([])).rejects.toThrow("the database thread has ended");
  await expect(database.query.selectFrom("settings").selectAll().execute()).rejects.toThrow("thread has ended");
  await database.close();
});

test("every commit waits for the disk again after a taking in passing, also after one that failed", async () => {
  const database = await openSqlite(join(folder, "passing.db"));
  const insert = statement((compiler) =>
    compiler.insertInto("settings").values({ organization: "o", key: "k", value: "" }).returning("key"),
  );
  const waits = async () => (await sql`select synchronous from pragma_synchronous`.execute(database.query)).rows;
  expect(await database.take(insert({}), true)).toEqual([{ key: "k" }]);
  expect(await waits()).toEqual([{ synchronous: 2 }]);
  await expect(database.take(insert({}), true)).rejects.toBeInstanceOf(DuplicateError);
  expect(await waits()).toEqual([{ synchronous: 2 }]);
  await database.close();
});

test.each([
  ["that is new", 4096, undefined],
  ["of before", 16_384, 16_384],
])("a database %s has pages of %i bytes, and a log of 16 MB", async (_, size, before) => {
  const path = join(folder, `pages-${size}.db`);
  if (before !== undefined) {
    const old = new BareSqlite(path);
    old.pragma(`page_size = ${before}`);
    old.exec("create table something (id integer)");
    old.close();
  }
  const database = await openSqlite(path);
  const { rows: pages } = await sql`pragma page_size`.execute(database.query);
  expect(pages).toEqual([{ page_size: size }]);
  const { rows: log } = await sql`pragma wal_autocheckpoint`.execute(database.query);
  expect(log).toMatchObject([{ wal_autocheckpoint: (16 * 1024 * 1024) / size }]);
  await database.close();
});

test("a database in use is refused with a sentence", async () => {
  const path = join(folder, "busy.db");
  const first = await openSqlite(path);
  await expect(openSqlite(path)).rejects.toThrow(/busy\.db is in use by another dispatch-server/);
  await first.close();
  await (await openSqlite(path)).close();
});

test("a file that is no database is refused with its name", async () => {
  const path = join(folder, "text.db");
  writeFileSync(path, "this is no database, but long enough to look like one ".repeat(20));
  await expect(openSqlite(path)).rejects.toThrow(/cannot open the database .*text\.db/);
});
