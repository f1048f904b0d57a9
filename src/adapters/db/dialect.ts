/** A Kysely dialect that only reads: writes go in units through the port, and transactions are not its business. */
import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  DialectAdapter,
  Driver,
  QueryCompiler,
  QueryResult,
} from "kysely";
import { SqliteIntrospector } from "kysely";

export interface ReadingDialect {
  readonly adapter: DialectAdapter;
  readonly compiler: QueryCompiler;
  read(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]>;
}

export function readingDialect({ adapter, compiler, read }: ReadingDialect): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return { rows: (await read(sql, parameters)) as R[] };
    },
    streamQuery() {
      throw new Error("lists are paged, not streamed");
    },
  };
  return {
    createAdapter: () => adapter,
    createDriver: () => driverOf(connection),
    // Only migrations need to know the tables, and they do not ask Kysely.
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => compiler,
  };
}

function driverOf(connection: DatabaseConnection): Driver {
  const refuse = async (): Promise<void> => {
    throw new Error("writes go through Database.commit");
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}
