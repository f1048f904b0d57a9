/**
 * How many events each subscription got: a counter, changed by the unit that ends a delivery. A count of the log would take
 * longer the more there is, and the log is dropped after a time. Each server has a counter of its own, so that none waits
 * for another.
 */
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import type { DatabaseSchema } from "../shared/database-schema.ts";
import type { Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

interface Counted {
  readonly organization: string;
  /** That counts. */
  readonly server: string;
}

export interface RunKey {
  readonly organization: string;
  readonly run: string;
}

/** By its id, which the index of runs tells: SQLite would look through all deliveries of the organization for a run. */
export function ofRun(database: Kysely<DatabaseSchema>, { organization, run }: RunKey) {
  return database
    .selectFrom("deliveries as found")
    .select("found.id")
    .where("found.organization", "=", organization)
    .where("found.run", "=", run);
}

type Deliveries = SelectQueryBuilder<DatabaseSchema, "deliveries", object>;

/** Adds one for each of these that has not ended yet. */
function counting(
  database: Kysely<DatabaseSchema>,
  { organization, server }: Counted,
  these: (all: Deliveries) => Deliveries,
) {
  const all = database.selectFrom("deliveries").where("organization", "=", organization).where("ended", "is", null);
  return database
    .insertInto("delivery_counts")
    .columns(["organization", "subscription_id", "server", "delivered"])
    .expression(
      these(all).select([
        "organization",
        "subscription_id",
        sql<string>`cast(${server} as text)`.as("server"),
        sql<number>`1`.as("delivered"),
      ]),
    )
    .onConflict((conflict) =>
      conflict
        .columns(["organization", "subscription_id", "server"])
        .doUpdateSet(({ ref }) => ({ delivered: sql<number>`${ref("delivery_counts.delivered")} + 1` })),
    );
}

const countOfRun = statement((database, row: Counted & { run: string }) =>
  counting(database, row, (all) => all.where("id", "=", ofRun(database, row))),
);

const countOne = statement((database, row: Counted & { id: string }) =>
  counting(database, row, (all) => all.where("id", "=", row.id)),
);

/** For the unit that ends the delivery of this run well, before the log is told. */
export function countRun(row: Counted & { readonly run: string }): Statement {
  return countOfRun(row);
}

/** For the unit that ends this delivery well, before the log is told. */
export function countDelivery(row: Counted & { readonly id: string }): Statement {
  return countOne(row);
}
