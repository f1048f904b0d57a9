/** The version of a secret that was deleted: one of the same name goes on from there, so that no version means two things. */
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

interface Kept {
  readonly organization: string;
  readonly key: string;
  readonly value: string;
}

const keep = statement((database, { organization, key, value }: Kept) =>
  database
    .insertInto("settings")
    .values({ organization, key, value })
    .onConflict((conflict) => conflict.columns(["organization", "key"]).doUpdateSet({ value })),
);

/** Goes into the transaction of the deletion. */
export function keepVersion(organization: string, name: string, version: number): Statement {
  return keep({ organization, key: keyOf(name), value: String(version) });
}

/** 0 when there never was one. */
export async function lastVersion(database: Database, organization: string, name: string): Promise<number> {
  const query = database.query.selectFrom("settings").select("value").where("organization", "=", organization);
  return Number((await query.where("key", "=", keyOf(name)).executeTakeFirst())?.value ?? 0);
}

function keyOf(name: string): string {
  return `secret-version:${name}`;
}
