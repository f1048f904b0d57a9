/** The embedded database: SQLite in a thread of its own (sqlite-thread.ts), driven through Kysely for reads and in units for writes. */
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { Kysely, SqliteAdapter, SqliteQueryCompiler } from "kysely";
import type { DatabaseSchema } from "../../core/shared/database-schema.ts";
import { makeFolders } from "../../core/shared/make-folders.ts";
import { messageOf } from "../../core/shared/message-of.ts";
import { type Database, DuplicateError, StaleWriteError, type Statement } from "../../core/shared/ports.ts";
import { inSlot } from "../../core/shared/statement.ts";
import { CommitQueue } from "./commit-queue.ts";
import { readingDialect } from "./dialect.ts";
import type { DatabaseReply, DatabaseRequest, Failure, ReadReply, RowsRequest } from "./sqlite-messages.ts";
import { StatementCompiler } from "./sqlite-statements.ts";
import { StatementTexts } from "./statement-texts.ts";

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The embedded database can be copied while it is in use. */
export interface SqliteDatabase extends Database {
  /** Writes a consistent copy to a file that is empty or new, while reads and writes go on. */
  snapshot(path: string): Promise<void>;
}

/** Opens (and where needed makes or migrates) the database file. @throws Error with a sentence when it is in use or newer. */
export async function openSqlite(path: string): Promise<SqliteDatabase> {
  makePrivate(path);
  const thread = new SqliteThread(path);
  await thread.ready;
  return {
    query: thread.query,
    commit: (unit, more) => thread.commit(unit, more),
    take: <Row>(statement: Statement<Row>, passing?: boolean) => thread.take(statement, passing) as Promise<Row[]>,
    lost: thread.lost,
    snapshot: (file) => thread.snapshot(file),
    close: () => thread.close(),
  };
}

/** SQLite would make the file readable by everybody; its companions (-wal, -shm) take the mode of the file. */
function makePrivate(path: string): void {
  try {
    makeFolders(dirname(path), 0o750);
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const message = messageOf(error);
    throw new Error(`cannot open the database ${path}: ${message}`, { cause: error });
  }
}

class SqliteThread {
  readonly ready: Promise<void>;
  readonly query: Kysely<DatabaseSchema>;
  readonly #worker: Worker;
  readonly #texts: StatementTexts;
  readonly #reads = new Map<number, Waiting<readonly unknown[]>>();
  readonly #commits = new CommitQueue<unknown>((group) => this.#send({ kind: "commit", group }));
  #nextId = 1;
  #closed: (() => void) | undefined;
  #closing = false;
  readonly #lost = Promise.withResolvers<Error>();
  /** Why the thread has ended; from then on every request fails at once instead of waiting for ever. */
  #failure: Error | undefined;

  constructor(path: string) {
    this.#worker = new Worker(threadProgram(), { workerData: { path } });
    this.query = this.#kysely(new SqliteQueryCompiler());
    const compiler = this.#kysely(new StatementCompiler());
    this.#texts = new StatementTexts(compiler, (sql, index) => this.#send({ kind: "prepare", index, sql }));
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on("message", (reply: DatabaseReply) => {
        if (reply.ready) resolve();
        else if (reply.failed) reject(openingError(path, reply.failed));
        else this.#answer(reply);
      });
      const fail = (failure: Error): void => {
        this.#failure ??= failure;
        reject(failure);
        this.#failAll(failure);
        if (!this.#closing) this.#lost.resolve(failure);
      };
      this.#worker.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
      this.#worker.on("exit", () => fail(new Error("the database thread has ended")));
    });
  }

  #kysely(compiler: SqliteQueryCompiler): Kysely<DatabaseSchema> {
    const read = (sql: string, parameters: readonly unknown[]) =>
      this.#rows("read", this.#texts.index(sql), parameters);
    return new Kysely({ dialect: readingDialect({ adapter: new SqliteAdapter(), compiler, read }) });
  }

  async take(statement: Statement, passing = false): Promise<readonly unknown[]> {
    const { index, slots } = this.#texts.of(statement.query);
    return this.#rows(
      passing ? "takePassing" : "take",
      index,
      slots.map((slot) => inSlot(slot, statement.values)),
    );
  }

  async snapshot(file: string): Promise<void> {
    const id = this.#nextId++;
    await new Promise<readonly unknown[]>((resolve, reject) => {
      this.#reads.set(id, { resolve, reject });
      this.#send({ kind: "snapshot", id, file });
    });
  }

  commit(unit: readonly Statement[], more = false): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#commits.add((group) => this.#put(unit, group), more);
  }

  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    while (!this.#commits.idle) await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) return;
    this.#send({ kind: "close" });
    await closed;
  }

  async #rows(kind: RowsRequest["kind"], index: number, parameters: readonly unknown[]): Promise<readonly unknown[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#reads.set(id, { resolve, reject });
      this.#send({ kind, id, index, parameters });
    });
  }

  /** Appends a unit in the form that the thread takes (see `Group`) directly to the message that will be sent, to save a copy. */
  #put(unit: readonly Statement[], group: unknown[]): void {
    group.push(unit.length);
    for (const { query, expect, values } of unit) {
      const { index, slots } = this.#texts.of(query);
      group.push(index, expect === "one", slots.length);
      for (const slot of slots) group.push(inSlot(slot, values));
    }
  }

  #send(request: DatabaseRequest): void {
    this.#worker.postMessage(request);
  }

  #answer(reply: DatabaseReply): void {
    if (reply.committed !== undefined)
      this.#commits.written(reply.committed.map((failure) => ({ unit: failure.unit, error: writeError(failure) })));
    else if (reply.read !== undefined) settleRead(take(this.#reads, reply.read.id), reply.read);
    else if (reply.closed) this.#closed?.();
  }

  #failAll(error: Error): void {
    for (const waiting of this.#reads.values()) waiting.reject(error);
    this.#reads.clear();
    this.#commits.fail(error);
    this.#closed?.();
  }
}

/** In the packed build the thread's program lies beside the server's as JavaScript. */
function threadProgram(): URL {
  const packed = new URL("./sqlite-thread.js", import.meta.url);
  return existsSync(packed) ? packed : new URL("./sqlite-thread.ts", import.meta.url);
}

function openingError(path: string, failure: Failure): Error {
  if (failure.code.startsWith("SQLITE_BUSY")) {
    return new Error(
      `the database ${path} is in use by another dispatch-server: stop that one, or give this one another --data-dir`,
    );
  }
  return new Error(`cannot open the database ${path}: ${failure.message}`);
}

function take<T>(map: Map<number, T>, id: number): T | undefined {
  const value = map.get(id);
  map.delete(id);
  return value;
}

function settleRead(waiting: Waiting<readonly unknown[]> | undefined, reply: ReadReply): void {
  if (reply.error === undefined) waiting?.resolve(objectsOf(reply));
  else waiting?.reject(writeError(reply.error));
}

function objectsOf({ columns = [], rows = [] }: ReadReply): object[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < columns.length; at++) row[columns[at] ?? ""] = values[at];
    return row;
  });
}

function writeError(failure: Failure): Error {
  if (failure.code === "STALE") return new StaleWriteError(failure.message);
  if (/^SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)/.test(failure.code)) return new DuplicateError(failure.message);
  return Object.assign(new Error(`database: ${failure.message}`), { code: failure.code });
}
