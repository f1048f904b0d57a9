/** A PostgreSQL server as the database: reads from a few connections, writes in units through one. */
import { Kysely, PostgresAdapter, PostgresQueryCompiler } from "kysely";
import { Pool } from "pg";
import type { DatabaseSchema } from "../../../core/shared/database-schema.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import type { Database, Statement } from "../../../core/shared/ports.ts";
import { inSlot } from "../../../core/shared/statement.ts";
import { CommitQueue } from "../commit-queue.ts";
import { readingDialect } from "../dialect.ts";
import { StatementTexts } from "../statement-texts.ts";
import { clientConfig } from "./address.ts";
import { databaseError } from "./errors.ts";
import { migratePostgres } from "./migrate.ts";
import { InUseError, prepareWriter } from "./preparation.ts";
import { patiently, Session } from "./session.ts";
import { storable } from "./storable.ts";
import { type Ready, Writer } from "./writer.ts";

const READERS = 4;

/** Opens (and where needed migrates) the database at `postgres://user@host/name`. @throws Error with a sentence */
export async function openPostgres(address: string): Promise<Database> {
  const database = new Postgres(address);
  try {
    await database.open();
  } catch (error) {
    await database.close();
    const message = messageOf(error);
    throw new Error(`cannot open the database ${address}: ${message}`, { cause: error });
  }
  return {
    query: database.query,
    commit: (unit, more) => database.commit(unit, more),
    take: (statement) => database.take(statement),
    lost: database.lost,
    close: () => database.close(),
  };
}

class Postgres implements Database {
  readonly query: Kysely<DatabaseSchema>;
  readonly #pool: Pool;
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #lost = Promise.withResolvers<Error>();
  readonly #texts: StatementTexts;
  readonly #commits = new CommitQueue<readonly Ready[]>((group) => void this.#write(group));

  constructor(address: string) {
    const config = clientConfig(address);
    this.#pool = new Pool({ ...config, max: READERS });
    // A connection that breaks while it is idle needs nothing: the next read opens another.
    this.#pool.on("error", () => {});
    this.#session = new Session(config, prepareWriter, (error) => {
      if (error instanceof InUseError) this.#lost.resolve(error);
    });
    this.#writer = new Writer(this.#session);
    const dialect = readingDialect({
      adapter: new PostgresAdapter(),
      compiler: new PostgresQueryCompiler(),
      read: (sql, parameters) => this.#rows(sql, parameters),
    });
    this.query = new Kysely<DatabaseSchema>({ dialect });
    this.#texts = new StatementTexts(this.query);
  }

  /** Another server took over while this one was cut off. */
  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  async open(): Promise<void> {
    await migratePostgres(await this.#session.client());
  }

  async commit(unit: readonly Statement[], more = false): Promise<void> {
    const ready = unit.map((statement) => this.#ready(statement));
    return this.#commits.add((group) => group.push(ready), more);
  }

  /** Not tried again when the connection breaks: the rows may have been taken although their answer was lost. */
  async take<Row>(statement: Statement<Row>): Promise<Row[]> {
    const { text, values } = this.#ready(statement);
    try {
      return (await this.#pool.query(text, values)).rows as Row[];
    } catch (error) {
      throw databaseError(error);
    }
  }

  async close(): Promise<void> {
    while (!this.#commits.idle) await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([this.#pool.end(), this.#session.close()]);
  }

  async #rows(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]> {
    try {
      return (await patiently(() => this.#pool.query(sql, parameters.map(storable)))).rows;
    } catch (error) {
      throw databaseError(error);
    }
  }

  async #write(group: readonly (readonly Ready[])[]): Promise<void> {
    this.#commits.written(await this.#writer.write(group));
  }

  /** @throws Error for a value that is undefined, which the client would send as null. */
  #ready({ query, values, expect }: Statement): Ready {
    const { index, sql, slots } = this.#texts.of(query);
    const filled = slots.map((slot) => storable(inSlot(slot, values)));
    if (filled.includes(undefined)) throw new Error(`a value is missing: ${sql}`);
    return { name: `s${index}`, text: sql, values: filled, expectOne: expect === "one" };
  }
}
