/** The table of what applications keep. */
import { sql } from "kysely";
import type { StateTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

export interface Place {
  readonly organization: string;
  readonly application: string;
  readonly key: string;
}

interface Write extends Place {
  readonly value: string;
}

/** The first version is the time, so that a key that was deleted and put again never has a version that it had before. */
const firstVersion = sql<number>`now_ms()`;
const modified = sql<number>`now_ms() / 1000`;

const insert = statement((database, row: Write & { most: number }) => {
  const keys = database
    .selectFrom("state")
    .select(({ fn }) => fn.countAll<number>().as("keys"))
    .where("organization", "=", row.organization)
    .where("application", "=", row.application);
  const texts = [row.organization, row.application, row.key, row.value].map(
    (text) => sql<string>`cast(${text} as text)`,
  );
  return database
    .insertInto("state")
    .columns(["organization", "application", "key", "value", "version", "modified"])
    .expression(sql`select ${sql.join([...texts, firstVersion, modified])} where ${keys} < ${row.most}`)
    .returning(["version", "modified"]);
});

const replace = statement((database, row: Write) =>
  database
    .updateTable("state")
    .set(({ eb }) => ({ value: row.value, version: eb("version", "+", 1), modified }))
    .where("organization", "=", row.organization)
    .where("application", "=", row.application)
    .where("key", "=", row.key)
    .returning(["version", "modified"]),
);

const replaceVersion = statement((database, row: Write & { version: number }) =>
  database
    .updateTable("state")
    .set(({ eb }) => ({ value: row.value, version: eb("version", "+", 1), modified }))
    .where("organization", "=", row.organization)
    .where("application", "=", row.application)
    .where("key", "=", row.key)
    .where("version", "=", row.version)
    .returning(["version", "modified"]),
);

const remove = statement((database, place: Place) =>
  database
    .deleteFrom("state")
    .where("organization", "=", place.organization)
    .where("application", "=", place.application)
    .where("key", "=", place.key)
    .returning("version"),
);

const removeVersion = statement((database, place: Place & { version: number }) =>
  database
    .deleteFrom("state")
    .where("organization", "=", place.organization)
    .where("application", "=", place.application)
    .where("key", "=", place.key)
    .where("version", "=", place.version)
    .returning("version"),
);

export type Written = Pick<StateTable, "version" | "modified">;

/** Undefined when the application has `most` keys already. @throws DuplicateError when the key is there */
export async function insertState(database: Database, write: Write, most: number): Promise<Written | undefined> {
  return (await database.take(insert({ ...write, most })))[0];
}

/** Undefined when there is no such key, or its value is not at `version`. */
export async function replaceState(database: Database, write: Write, version?: number): Promise<Written | undefined> {
  const rows = database.take(version === undefined ? replace(write) : replaceVersion({ ...write, version }));
  return (await rows)[0];
}

/** Whether there was such a key, at `version`. */
export async function removeState(database: Database, place: Place, version?: number): Promise<boolean> {
  const rows = database.take(version === undefined ? remove(place) : removeVersion({ ...place, version }));
  return (await rows).length > 0;
}

export function findState(
  { query }: Database,
  { organization, application, key }: Place,
): Promise<StateTable | undefined> {
  return query
    .selectFrom("state")
    .selectAll()
    .where("organization", "=", organization)
    .where("application", "=", application)
    .where("key", "=", key)
    .executeTakeFirst();
}

export interface StateSelection {
  readonly prefix?: string | undefined;
  readonly limit: number;
  /** The last key of the page before. */
  readonly cursor?: string | undefined;
}

const bytes = sql<number>`octet_length(value)`;

/** In the order of their keys. */
export function listState(
  { query }: Database,
  organization: string,
  application: string,
  { prefix = "", limit, cursor = "" }: StateSelection,
): Promise<(Written & { key: string; size: number })[]> {
  return query
    .selectFrom("state")
    .select(["key", "version", "modified", bytes.as("size")])
    .where("organization", "=", organization)
    .where("application", "=", application)
    .where("key", ">=", prefix)
    .where("key", "<", `${prefix}\uffff`)
    .where("key", ">", cursor)
    .orderBy("key")
    .limit(limit)
    .execute();
}

export interface ApplicationPage {
  readonly limit: number;
  /** The last application of the page before. */
  readonly cursor?: string | undefined;
  /** Only this application. */
  readonly only?: string | undefined;
}

export interface Keeping {
  readonly application: string;
  readonly keys: number;
  /** Bytes of all values. */
  readonly size: number;
}

/** In the order of their names. Each is counted by itself, so that nobody waits for a count of all. */
export async function listApplications(
  database: Database,
  organization: string,
  { limit, cursor = "", only }: ApplicationPage,
): Promise<Keeping[]> {
  const found: Keeping[] = [];
  let last: string | undefined = cursor;
  while (found.length < limit) {
    last = await nextApplication(database, organization, last, only);
    if (last === undefined) break;
    found.push(await countApplication(database, organization, last));
  }
  return found;
}

async function nextApplication(
  { query }: Database,
  organization: string,
  after: string,
  only: string | undefined,
): Promise<string | undefined> {
  let next = query
    .selectFrom("state")
    .select("application")
    .where("organization", "=", organization)
    .where("application", ">", after);
  if (only !== undefined) next = next.where("application", "=", only);
  return (await next.orderBy("application").limit(1).executeTakeFirst())?.application;
}

async function countApplication({ query }: Database, organization: string, application: string): Promise<Keeping> {
  const row = await query
    .selectFrom("state")
    .select([({ fn }) => fn.countAll<number>().as("keys"), sql<number>`sum(${bytes})`.as("size")])
    .where("organization", "=", organization)
    .where("application", "=", application)
    .executeTakeFirst();
  return { application, keys: Number(row?.keys ?? 0), size: Number(row?.size ?? 0) };
}
