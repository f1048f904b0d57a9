/** `Idempotency-Key`: within 24 hours the same key for the same function means the same run (decisions 18c). */
import { unixSeconds } from "../shared/clock.ts";
import type { IdempotencyTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import type { RunRecord } from "./record.ts";

const VALID_SECONDS = 24 * 60 * 60;

const dropExpired = statement((database, row: IdempotencyTable & { before: number }) =>
  database
    .deleteFrom("idempotency")
    .where("organization", "=", row.organization)
    .where("function_id", "=", row.function_id)
    .where("key", "=", row.key)
    .where("created", "<", row.before),
);

const insertKey = statement((database, row: IdempotencyTable) =>
  database.insertInto("idempotency").values({
    organization: row.organization,
    function_id: row.function_id,
    key: row.key,
    run_id: row.run_id,
    created: row.created,
  }),
);

/** The rows that bind the key of a run; the unit fails with DuplicateError when another run holds it. */
export function bindKey({ organization, functionId, id }: RunRecord, key: string): Statement[] {
  const created = unixSeconds();
  const row = { organization, function_id: functionId, key, run_id: id, created };
  return [dropExpired({ ...row, before: created - VALID_SECONDS }), insertKey(row)];
}

/** The run that holds the key, if any. */
export async function runOfKey(
  database: Database,
  organization: string,
  functionId: string,
  key: string,
): Promise<string | undefined> {
  const row = await database.query
    .selectFrom("idempotency")
    .select("run_id")
    .where("organization", "=", organization)
    .where("function_id", "=", functionId)
    .where("key", "=", key)
    .where("created", ">=", unixSeconds() - VALID_SECONDS)
    .executeTakeFirst();
  return row?.run_id;
}
