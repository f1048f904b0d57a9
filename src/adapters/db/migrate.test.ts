import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { migrate, shapeOf } from "./migrate.ts";
import type { Migration } from "./migrations/migration.ts";

const first: Migration = { number: 1, name: "first", statements: ["create table notes (text text)"] };
const second: Migration = { number: 2, name: "second", statements: ["alter table notes add column color text"] };
const third: Migration = { number: 3, name: "third", statements: ["create table tags (text text)"] };
const noon = new Date("2026-01-31T12:00:00.500Z");

function databaseIn(): { folder: string; path: string; database: Database.Database } {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-migrate-"));
  const path = join(folder, "dispatch.db");
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  onTestFinished(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });
  return { folder, path, database };
}

function backupsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".backup"));
}

test("a new database gets every step and leaves no copy", () => {
  const { folder, path, database } = databaseIn();
  migrate(database, path, [first, second]);
  expect(shapeOf(database)).toBe(2);
  expect(backupsIn(folder)).toEqual([]);
});

test("an older database is copied as it was before the missing steps run, for its owner alone", () => {
  const { folder, path, database } = databaseIn();
  migrate(database, path, [first]);
  database.exec("insert into notes values ('kept')");
  migrate(database, path, [first, second, third], noon);
  expect(shapeOf(database)).toBe(3);
  expect(backupsIn(folder)).toEqual(["dispatch.db.shape-1-20260131T120000Z.backup"]);
  const copyPath = join(folder, "dispatch.db.shape-1-20260131T120000Z.backup");
  expect(statSync(copyPath).mode & 0o777).toBe(0o600);
  const copy = new Database(copyPath, { readonly: true });
  expect([shapeOf(copy), copy.prepare("select * from notes").all()]).toEqual([1, [{ text: "kept" }]]);
  copy.close();
});

test("a database in the newest shape is left alone", () => {
  const { folder, path, database } = databaseIn();
  migrate(database, path, [first]);
  migrate(database, path, [first]);
  expect(backupsIn(folder)).toEqual([]);
});

test("a step that fails leaves the shape before it, and the copy", () => {
  const { folder, path, database } = databaseIn();
  migrate(database, path, [first]);
  const broken: Migration = { number: 2, name: "broken", statements: ["create table half (a)", "nonsense"] };
  expect(() => migrate(database, path, [first, broken], noon)).toThrow(/nonsense/);
  expect(shapeOf(database)).toBe(1);
  expect(database.prepare("select name from sqlite_master where name = 'half'").all()).toEqual([]);
  expect(backupsIn(folder)).toHaveLength(1);
});

test("a database of a newer Dispatch is refused with a sentence and not touched", () => {
  const { folder, path, database } = databaseIn();
  migrate(database, path, [first, second]);
  expect(() => migrate(database, path, [first])).toThrow(
    `the database ${path} was made by a newer Dispatch (shape 2, this one knows 1): use that version, or a later one`,
  );
  expect([shapeOf(database), backupsIn(folder)]).toEqual([2, []]);
});
