/** Which database the servers of a test use: SQLite in the data folder, or one of their own on a PostgreSQL server. */
import { basename } from "node:path";
import { inject } from "vitest";
import { addressIn, runSql } from "../../support/postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the socket of the PostgreSQL server that is to be used; absent for SQLite. */
    readonly postgres: string | undefined;
  }
}

/** The red team starts the same servers without a test runner, on SQLite. */
const postgresFolder = (): string | undefined => (process.env.VITEST === undefined ? undefined : inject("postgres"));

/** The address of the PostgreSQL database that belongs to a data folder. */
export function databaseAddress(dataDir: string): string | undefined {
  const folder = postgresFolder();
  return folder === undefined ? undefined : addressIn(folder, basename(dataDir));
}

/** Tests of what belongs to the embedded database alone, its file and its thread, are skipped elsewhere. */
export const isPostgres = postgresFolder() !== undefined;

/** What the name of such a test ends with. */
export const sqliteOnly = isPostgres ? " (SKIPPED: PostgreSQL)" : "";

/** The flags that name the database, which is made when the data folder is new. */
export async function databaseFlags(dataDir: string): Promise<string[]> {
  const folder = postgresFolder();
  const address = databaseAddress(dataDir);
  if (folder === undefined || address === undefined) return [];
  await runSql(addressIn(folder, "postgres"), [`create database "${basename(dataDir)}"`]).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "42P04")) throw error;
  });
  return ["--db", address];
}
