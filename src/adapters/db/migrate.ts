/** Brings a database to the shape that this program knows; an older one is copied first, a newer one is refused. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import type Database from "better-sqlite3";
import { migrations } from "./migrations/index.ts";
import type { Migration } from "./migrations/migration.ts";

/** The shape that this program knows. */
export const newestShape = newestOf(migrations);

/** The number of a database's shape; 0 for an empty one. */
export function shapeOf(database: Database.Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

/**
 * Runs the steps that are missing, each in a transaction of its own. Before that the database is copied to
 * `<path>.shape-<number>-<time>.backup`, 0600, unless it is new.
 * @throws Error with a sentence when the database was made by a newer Dispatch.
 */
export function migrate(
  database: Database.Database,
  path: string,
  steps: readonly Migration[] = migrations,
  now: Date = new Date(),
): void {
  const shape = shapeOf(database);
  refuseNewer(shape, newestOf(steps), `the database ${path}`);
  const missing = steps.filter(({ number }) => number > shape);
  if (shape > 0 && missing.length > 0) keepCopy(database, `${path}.shape-${shape}-${timeOf(now)}.backup`);
  for (const { statements, number } of missing) {
    database.transaction(() => {
      for (const sql of statements) database.exec(sql);
      database.pragma(`user_version = ${number}`);
    })();
  }
}

/** @throws Error with a sentence. */
export function refuseNewer(shape: number, known: number, what: string): void {
  if (shape <= known) return;
  throw new Error(
    `${what} was made by a newer Dispatch (shape ${shape}, this one knows ${known}): use that version, or a later one`,
  );
}

function newestOf(steps: readonly Migration[]): number {
  return steps.at(-1)?.number ?? 0;
}

/** SQLite writes it: opening the database's own file beside SQLite would drop its locks. */
function keepCopy(database: Database.Database, path: string): void {
  closeSync(openSync(path, "wx", 0o600));
  database.prepare("vacuum into ?").run(path);
  const copy = openSync(path, "r");
  fsyncSync(copy);
  closeSync(copy);
}

/** `20260131T093000Z`: sorts by age, and every file system takes it. */
function timeOf(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, "");
}
