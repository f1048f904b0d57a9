/**
 * Signatures of requests that were received, so that a recorded request cannot be sent again while its time is still good.
 * They lie in the database: neither a restart nor a second server on the same database forgets one.
 */
import type { SeenSignatureTable } from "../shared/database-schema.ts";
import { type Database, DuplicateError } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

/** Seconds: a request's time may lie 5 minutes ahead of ours, and is good until it lies 5 minutes behind. */
const LIFETIME = 10 * 60;

const dropOld = statement((database, row: { organization: string; before: number }) =>
  database.deleteFrom("seen_signatures").where("organization", "=", row.organization).where("seen", "<", row.before),
);

const insertSeen = statement((database, row: SeenSignatureTable) =>
  database
    .insertInto("seen_signatures")
    .values({ organization: row.organization, signature: row.signature, seen: row.seen }),
);

/**
 * Notes a signature; false when the organization had it before. Ask only for signatures that were verified, so that no
 * stranger fills the table. `seen` is now, in Unix seconds.
 */
export async function isFirstUse(
  database: Database,
  organization: string,
  signature: string,
  seen: number,
): Promise<boolean> {
  try {
    await database.commit([
      dropOld({ organization, before: seen - LIFETIME }),
      insertSeen({ organization, signature, seen }),
    ]);
    return true;
  } catch (error) {
    if (error instanceof DuplicateError) return false;
    throw error;
  }
}
