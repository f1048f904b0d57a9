import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { acceptedWithin, newRunId } from "../../../core/runs/run-id.ts";
import { migrate } from "../migrate.ts";
import { first } from "./0001-first.ts";
import { runsInOrder } from "./0002-runs-in-order.ts";

const accepted = 1_767_322_801_234_567_890n;

function databaseOfBefore(): Database.Database {
  const database = new Database(":memory:");
  onTestFinished(() => void database.close());
  database.defaultSafeIntegers(true);
  migrate(database, ":memory:", [first]);
  return database;
}

function insert(database: Database.Database, id: string, executed: bigint, finished: bigint | null): void {
  const columns =
    "organization, id, function_name, function_id, faas_id, status, blocking, executed, finished, attempt, depth, principal";
  database
    .prepare(`insert into runs (${columns}) values ('o', ?, 'f', 'i', 'r', 'READY', 1, ?, ?, 1, 0, 'p')`)
    .run(id, executed, finished);
}

function timesOf(database: Database.Database, id: string): { executed: bigint; finished: bigint | null } {
  const row = database.prepare("select executed, finished from runs where id = ?").get(id);
  return row as { executed: bigint; finished: bigint | null };
}

/** The one step alone: an in-memory database has no file of which a copy could be kept. */
function takeStep(database: Database.Database): void {
  for (const sql of runsInOrder.statements) database.exec(sql);
}

test.each([
  ["the same clock", 0n],
  ["a clock that was 3 ms ahead", 3_000_000n],
  ["a clock that was 2 ms behind", -2_000_000n],
])("a run of before is found by its id: %s", (_, drift) => {
  const database = databaseOfBefore();
  const id = newRunId(accepted);
  insert(database, id, accepted + drift, accepted + drift + 7n);
  takeStep(database);
  const { executed, finished } = timesOf(database, id);
  const { from, before } = acceptedWithin(id) ?? { from: 0n, before: 0n };
  expect(executed >= from && executed < before).toBe(true);
  expect(executed % 1_000_000n).toBe(accepted % 1_000_000n);
  expect(finished !== null && finished >= executed).toBe(true);
});

test("a run of before that has not ended still has not", () => {
  const database = databaseOfBefore();
  const id = newRunId(accepted);
  insert(database, id, accepted - 4_000_000n, null);
  takeStep(database);
  expect(timesOf(database, id)).toEqual({ executed: accepted, finished: null });
});
