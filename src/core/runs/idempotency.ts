/** `Idempotency-Key`: within 24 hours the same key for the same function means the same run (decisions 18c). */
import { unixSeconds } from "../shared/clock.ts";
import type { Database, Statement } from "../shared/ports.ts";
import type { RunRecord } from "./record.ts";

const VALID_SECONDS = 24 * 60 * 60;

/** The rows that bind the key of a run; the unit fails with DuplicateError when another run holds it. */
export function bindKey({ organization, functionId, id }: RunRecord, key: string): Statement[] {
  const now = unixSeconds();
  return [
    {
      sql: "delete from idempotency where organization = ? and function_id = ? and key = ? and created < ?",
      parameters: [organization, functionId, key, now - VALID_SECONDS],
    },
    {
      sql: "insert into idempotency (organization, function_id, key, run_id, created) values (?, ?, ?, ?, ?)",
      parameters: [organization, functionId, key, id, now],
    },
  ];
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
