/**
 * How far a driver has got in what it reads, in its own words: kept in the unit that accepts its event, so that a driver
 * that starts again neither loses nor repeats anything. Stands in the state store as application `event-driver`.
 */
import { sql } from "kysely";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { findState } from "../state/store.ts";

interface DriverName {
  readonly organization: string;
  readonly name: string;
}

export const BOOKMARKS = "event-driver";

const keep = statement((database, { organization, name, value }: DriverName & { value: string }) =>
  database
    .insertInto("state")
    .values({
      ...{ organization, application: BOOKMARKS, key: name, value },
      ...{ version: sql<number>`now_ms()`, modified: sql<number>`now_ms() / 1000` },
    })
    .onConflict((conflict) =>
      conflict.columns(["organization", "application", "key"]).doUpdateSet(({ ref }) => ({
        value,
        version: sql<number>`${ref("state.version")} + 1`,
        modified: sql<number>`now_ms() / 1000`,
      })),
    ),
);

const drop = statement((database, { organization, name }: DriverName) =>
  database
    .deleteFrom("state")
    .where("organization", "=", organization)
    .where("application", "=", BOOKMARKS)
    .where("key", "=", name),
);

export function keepBookmark({ organization, name }: DriverName, bookmark: string): Statement {
  return keep({ organization, name, value: JSON.stringify(bookmark) });
}

export function dropBookmark({ organization, name }: DriverName): Statement {
  return drop({ organization, name });
}

/** Undefined before the first. */
export async function findBookmark(
  database: Database,
  { organization, name }: DriverName,
): Promise<string | undefined> {
  const found = await findState(database, { organization, application: BOOKMARKS, key: name });
  const value: unknown = found && JSON.parse(found.value);
  return typeof value === "string" ? value : undefined;
}
