/** What the one connection that writes needs before it is used. */
import type { Client } from "pg";
import { OwnError } from "../../../core/shared/own-error.ts";

/** Any number, as long as every Dispatch uses the same: "dispatch" in ASCII, cut to 63 bits. */
const LOCK = "7235149193155863144";
const LOCK_TRIES = 25;
const LOCK_PAUSE_MS = 200;

const OLDEST = 130_000;

/** Another server has the database. */
export class InUseError extends OwnError {
  override name = "InUseError";
}

/** @throws Error with a sentence when this server is not one that Dispatch can use, or has another user. */
export async function prepareWriter(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string }>(
    "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding",
  );
  const [{ version, encoding } = { version: 0, encoding: "" }] = rows;
  if (version < OLDEST) throw new Error("PostgreSQL 13 or newer is needed");
  if (encoding !== "UTF8") throw new Error(`its encoding is ${encoding}: create it with encoding 'UTF8'`);
  // A commit that was answered must be on disk, whatever the server's default is.
  await client.query(
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'",
  );
  await lock(client);
}

/** A second server on the same database would break what the first one holds in memory. The lock ends with the connection. */
async function lock(client: Client): Promise<void> {
  for (let left = LOCK_TRIES; left > 0; left--) {
    const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1::bigint) as held", [LOCK]);
    if (rows[0]?.held === true) return;
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
  }
  throw new InUseError("it is in use by another dispatch-server: stop that one, or give this one another --db");
}
