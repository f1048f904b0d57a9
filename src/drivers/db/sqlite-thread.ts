/**
 * The program of the database thread. SQLite lives here alone, so that the thread that answers requests never waits for
 * the disk. It takes reads one by one and writes in groups: all units that wait when a transaction begins share it.
 */
import { createHash } from "node:crypto";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { migrations } from "./migrations/index.ts";
import type { CommitReply, DatabaseRequest, ReadReply, UnitMessage } from "./sqlite-messages.ts";

const { path } = workerData as { path: string };
const database = new Database(path);
const statements: Database.Statement[] = [];
const begin = database.prepare("begin immediate");
const commit = database.prepare("commit");

function open(): void {
  database.pragma("page_size = 16384");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = ON");
  database.pragma("busy_timeout = 2000");
  database.pragma("cache_size = -16384");
  database.defaultSafeIntegers(false);
  database.function("sha256_hex", { deterministic: true }, (text) =>
    createHash("sha256").update(String(text)).digest("hex"),
  );
  lock();
  migrate();
}

/** A second server on the same file would break what the first one holds in memory. */
function lock(): void {
  database.pragma("locking_mode = EXCLUSIVE");
  database.exec("begin immediate; commit");
}

function migrate(): void {
  const current = Number(database.pragma("user_version", { simple: true }));
  const newest = migrations.at(-1)?.number ?? 0;
  if (current > newest) {
    throw new Error(
      `the database ${path} was made by a newer Dispatch (shape ${current}, this one knows ${newest}): start that version`,
    );
  }
  for (const migration of migrations) {
    if (migration.number <= current) continue;
    database.transaction(() => {
      for (const sql of migration.statements) database.exec(sql);
      database.pragma(`user_version = ${migration.number}`);
    })();
  }
}

function prepared(index: number): Database.Statement {
  const statement = statements[index];
  if (statement === undefined) throw new Error(`statement ${index} was never registered`);
  return statement;
}

function read(index: number, parameters: readonly unknown[]): unknown[] {
  const statement = prepared(index);
  return statement.reader ? statement.all(...parameters) : [statement.run(...parameters)];
}

function writeUnit({ id, statements }: UnitMessage): CommitReply {
  for (const [index, parameters, expectsOne] of statements) {
    const { changes } = prepared(index).run(...parameters);
    if (expectsOne && changes !== 1) throw Object.assign(new Error("nothing changed"), { code: "STALE" });
  }
  return { id };
}

function writeSeparately(unit: UnitMessage): CommitReply {
  database.exec("savepoint unit");
  try {
    const reply = writeUnit(unit);
    database.exec("release unit");
    return reply;
  } catch (error) {
    database.exec("rollback to unit; release unit");
    return { id: unit.id, error: describe(error) };
  }
}

function inTransaction(units: readonly UnitMessage[], write: (unit: UnitMessage) => CommitReply): CommitReply[] {
  try {
    begin.run();
    const replies = units.map(write);
    commit.run();
    return replies;
  } catch (error) {
    if (database.inTransaction) database.exec("rollback");
    throw error;
  }
}

/** Nearly every group is good as a whole. Only when one is not does each unit get a savepoint, and the bad ones fail alone. */
function writeGroup(units: readonly UnitMessage[]): CommitReply[] {
  try {
    return inTransaction(units, writeUnit);
  } catch {
    return writeGroupBySavepoints(units);
  }
}

function writeGroupBySavepoints(units: readonly UnitMessage[]): CommitReply[] {
  try {
    return inTransaction(units, writeSeparately);
  } catch (error) {
    return units.map((unit) => ({ id: unit.id, error: describe(error) }));
  }
}

function describe(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  return { code, message: error instanceof Error ? error.message : String(error) };
}

function answerRead(port: MessagePort, id: number, index: number, parameters: readonly unknown[]): void {
  let reply: ReadReply;
  try {
    reply = { id, rows: read(index, parameters) };
  } catch (error) {
    reply = { id, error: describe(error) };
  }
  port.postMessage({ read: reply });
}

function serve(port: MessagePort): void {
  port.on("message", (request: DatabaseRequest) => {
    if (request.kind === "prepare") {
      const statement = database.prepare(request.sql);
      statements[request.index] =
        statement.reader && request.sql.includes('from "runs"') ? statement.safeIntegers(true) : statement;
    } else if (request.kind === "read") answerRead(port, request.id, request.index, request.parameters);
    else if (request.kind === "commit") port.postMessage({ committed: writeGroup(request.units) });
    else {
      database.pragma("wal_checkpoint(TRUNCATE)");
      database.close();
      port.postMessage({ closed: true });
      port.close();
    }
  });
}

if (parentPort === null) throw new Error("sqlite-thread runs as a worker thread only");
try {
  open();
  serve(parentPort);
  parentPort.postMessage({ ready: true });
} catch (error) {
  parentPort.postMessage({ failed: describe(error) });
}
