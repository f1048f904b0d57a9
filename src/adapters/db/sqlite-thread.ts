/**
 * The program of the database thread. SQLite lives here alone, so that the thread that answers requests never waits for
 * the disk. It takes reads one by one and writes in groups: all units that wait when a transaction begins share it.
 */
import { createHash } from "node:crypto";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { messageOf } from "../../core/shared/message-of.ts";
import { migrate } from "./migrate.ts";
import type { CommitFailure, DatabaseRequest, Failure, Group, ReadReply } from "./sqlite-messages.ts";

const { path } = workerData as { path: string };
const database = new Database(path);
/** A statement that could not be prepared is an error for each caller that uses it, and does not end the thread. */
const statements: (Database.Statement | Error)[] = [];
/** Index, whether it must change one row, number of parameters. */
const STATEMENT_HEAD = 3;
/** SQLite moves its log into the file when it is longer. */
const LOG_BYTES = 16 * 1024 * 1024;
const begin = database.prepare("begin immediate");
const commit = database.prepare("commit");

function open(): void {
  // A single event changes a page in each of some sixteen tables and indexes, all of which go into the log.
  database.pragma("page_size = 4096");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = ON");
  database.pragma("busy_timeout = 2000");
  // A database of before has larger pages.
  const pageSize = database.pragma("page_size", { simple: true }) as number;
  database.pragma(`wal_autocheckpoint = ${LOG_BYTES / pageSize}`);
  database.pragma("cache_size = -16384");
  database.defaultSafeIntegers(false);
  database.function("sha256_hex", { deterministic: true }, (text) =>
    createHash("sha256").update(String(text)).digest("hex"),
  );
  database.function("now_ms", { deterministic: false }, () => Date.now());
  lock();
  migrate(database, path);
}

/** A second server on the same file would break what the first one holds in memory. */
function lock(): void {
  database.pragma("locking_mode = EXCLUSIVE");
  database.exec("begin immediate; commit");
}

function prepared(index: number): Database.Statement {
  const statement = statements[index];
  if (statement === undefined) throw new Error(`statement ${index} was never registered`);
  if (statement instanceof Error) throw statement;
  return statement;
}

function prepare(sql: string): Database.Statement | Error {
  try {
    const statement = database.prepare(sql);
    if (statement.reader) statement.raw(true).safeIntegers(sql.includes('from "runs"'));
    return statement;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

type Rows = Pick<ReadReply, "columns" | "rows">;

function read(index: number, parameters: readonly unknown[]): Rows {
  const statement = prepared(index);
  if (statement.reader) return { columns: columnsOf(statement), rows: statement.all(...parameters) as unknown[][] };
  statement.run(...parameters);
  return { columns: [], rows: [] };
}

const columnNames = new WeakMap<Database.Statement, readonly string[]>();

function columnsOf(statement: Database.Statement): readonly string[] {
  const known = columnNames.get(statement) ?? statement.columns().map(({ name }) => name);
  columnNames.set(statement, known);
  return known;
}

/** Runs the unit that begins at `at`; the result is where the next one begins. */
function writeUnit(group: Group, at: number): number {
  let next = at + 1;
  for (let left = Number(group[at]); left > 0; left--) {
    const parameters = next + STATEMENT_HEAD;
    const end = parameters + Number(group[next + 2]);
    const { changes } = prepared(Number(group[next])).run(...group.slice(parameters, end));
    if (group[next + 1] === true && changes !== 1) throw Object.assign(new Error("nothing changed"), { code: "STALE" });
    next = end;
  }
  return next;
}

function endOfUnit(group: Group, at: number): number {
  let next = at + 1;
  for (let left = Number(group[at]); left > 0; left--) next += STATEMENT_HEAD + Number(group[next + 2]);
  return next;
}

/** Nearly every group is good as a whole. Only when one is not does each unit get a savepoint, and the bad ones fail alone. */
function writeGroup(group: Group): CommitFailure[] {
  try {
    inTransaction(() => {
      for (let at = 0; at < group.length; ) at = writeUnit(group, at);
    });
    return [];
  } catch (error) {
    if (describe(error).code === "SQLITE_FULL") emptyLog();
    return writeSeparately(group);
  }
}

/** Moves the write-ahead log into the database file and frees its room, which may be enough on a full disk. */
function emptyLog(): void {
  try {
    database.pragma("wal_checkpoint(TRUNCATE)");
  } catch {
    // The changes stay in the write-ahead log, where the next start finds them.
  }
}

function writeSeparately(group: Group): CommitFailure[] {
  const failures: CommitFailure[] = [];
  let unit = 0;
  try {
    inTransaction(() => {
      for (let at = 0; at < group.length; at = endOfUnit(group, at)) {
        const failure = writeBySavepoint(group, at);
        if (failure !== undefined) failures.push({ unit, ...failure });
        unit++;
      }
    });
    return failures;
  } catch (error) {
    return allFailed(group, describe(error));
  }
}

function writeBySavepoint(group: Group, at: number): Failure | undefined {
  database.exec("savepoint unit");
  try {
    writeUnit(group, at);
    database.exec("release unit");
    return undefined;
  } catch (error) {
    database.exec("rollback to unit; release unit");
    return describe(error);
  }
}

function allFailed(group: Group, failure: Failure): CommitFailure[] {
  const failures: CommitFailure[] = [];
  for (let at = 0; at < group.length; at = endOfUnit(group, at)) failures.push({ unit: failures.length, ...failure });
  return failures;
}

function inTransaction(write: () => void): void {
  try {
    begin.run();
    write();
    commit.run();
  } catch (error) {
    if (database.inTransaction) database.exec("rollback");
    throw error;
  }
}

function describe(error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  return { code, message: messageOf(error) };
}

/** A statement that writes and returns rows, in a transaction of its own. */
function take(index: number, parameters: readonly unknown[]): Rows {
  let rows: Rows = {};
  inTransaction(() => {
    rows = read(index, parameters);
  });
  return rows;
}

/**
 * The same without waiting for the disk: the next commit that waits writes this one as well, because the log has one end. The
 * pragma is done as it is compiled, so it cannot be prepared.
 */
function takePassing(index: number, parameters: readonly unknown[]): Rows {
  database.exec("pragma synchronous = NORMAL");
  try {
    return take(index, parameters);
  } finally {
    database.exec("pragma synchronous = FULL");
  }
}

function answerRows(port: MessagePort, id: number, rows: () => Rows): void {
  let reply: ReadReply;
  try {
    reply = { id, ...rows() };
  } catch (error) {
    reply = { id, error: describe(error) };
  }
  port.postMessage({ read: reply });
}

/** Page by page, between other requests; what is written meanwhile goes into the copy as well. */
async function answerSnapshot(port: MessagePort, id: number, file: string): Promise<void> {
  let reply: ReadReply;
  try {
    await database.backup(file);
    reply = { id, rows: [] };
  } catch (error) {
    reply = { id, error: describe(error) };
  }
  port.postMessage({ read: reply });
}

function serve(port: MessagePort): void {
  port.on("message", (request: DatabaseRequest) => {
    if (request.kind === "prepare") statements[request.index] = prepare(request.sql);
    else if (request.kind === "read") answerRows(port, request.id, () => read(request.index, request.parameters));
    else if (request.kind === "take") answerRows(port, request.id, () => take(request.index, request.parameters));
    else if (request.kind === "takePassing")
      answerRows(port, request.id, () => takePassing(request.index, request.parameters));
    else if (request.kind === "snapshot") void answerSnapshot(port, request.id, request.file);
    else if (request.kind === "commit") port.postMessage({ committed: writeGroup(request.group) });
    else {
      emptyLog();
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
