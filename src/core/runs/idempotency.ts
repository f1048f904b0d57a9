/**
 * `Idempotency-Key`: within 24 hours the same key of the same caller for the same function and endpoint means the same run,
 * and another input under it is refused (decisions 18c).
 */
import { createHash } from "node:crypto";
import { unixSeconds } from "../shared/clock.ts";
import type { IdempotencyTable } from "../shared/database-schema.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import type { RunRecord } from "./record.ts";

const VALID_SECONDS = 24 * 60 * 60;
const LONGEST_KEY = 255;

/** One use of a key. */
export interface KeyUse {
  /** As the caller wrote it. */
  readonly key: string;
  /** Who calls, and by which endpoint: keys of others are other keys. */
  readonly scope: string;
  /** Of all that was sent, see `digestOf`; undefined where the key itself says what was sent. */
  readonly digest: string | undefined;
}

/** The header's value; undefined when there is none. @throws TOO_LONG */
export function keyOfHeader(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  if (header.length <= LONGEST_KEY) return header;
  throw new DispatchError("TOO_LONG", { field: "Idempotency-Key", place: "header", limit: LONGEST_KEY });
}

/** SHA-256 over parts that cannot run into each other. */
export function digestOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
}

/** @throws KEY_REUSED */
export function refuseOther(before: string | null | undefined, { digest }: KeyUse): void {
  if (typeof before === "string" && digest !== undefined && before !== digest) throw new DispatchError("KEY_REUSED");
}

/** What a key is kept under. */
export function storedKey({ scope, key }: KeyUse): string {
  return digestOf([scope, key]);
}

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
    digest: row.digest,
    created: row.created,
  }),
);

const dropKey = statement((database, row: Pick<IdempotencyTable, "organization" | "function_id" | "key" | "run_id">) =>
  database
    .deleteFrom("idempotency")
    .where("organization", "=", row.organization)
    .where("function_id", "=", row.function_id)
    .where("key", "=", row.key)
    .where("run_id", "=", row.run_id),
);

/** The rows that bind the key of a run; the unit fails with DuplicateError when another run holds it. */
export function bindKey({ organization, functionId, id }: RunRecord, use: KeyUse): Statement[] {
  const created = unixSeconds();
  const key = { organization, function_id: functionId, key: storedKey(use) };
  const row = { ...key, run_id: id, digest: use.digest ?? null, created };
  return [dropExpired({ ...row, before: created - VALID_SECONDS }), insertKey(row)];
}

const dropKeyOfRun = statement((database, row: Pick<IdempotencyTable, "organization" | "function_id" | "run_id">) =>
  database
    .deleteFrom("idempotency")
    .where("organization", "=", row.organization)
    .where("function_id", "=", row.function_id)
    .where("run_id", "=", row.run_id),
);

/** Whatever key holds the run is free again. */
export function freeKeyOfRun({ organization, functionId, id }: RunRecord): Statement {
  return dropKeyOfRun({ organization, function_id: functionId, run_id: id });
}

/** The key is free again. */
export function freeKey({ organization, functionId, id }: RunRecord, use: KeyUse): Statement {
  return dropKey({ organization, function_id: functionId, key: storedKey(use), run_id: id });
}

/** The run that holds the key, if any. @throws KEY_REUSED */
export async function runOfKey(
  database: Database,
  organization: string,
  functionId: string,
  use: KeyUse,
): Promise<string | undefined> {
  const row = await database.query
    .selectFrom("idempotency")
    .select(["run_id", "digest"])
    .where("organization", "=", organization)
    .where("function_id", "=", functionId)
    .where("key", "=", storedKey(use))
    .where("created", ">=", unixSeconds() - VALID_SECONDS)
    .executeTakeFirst();
  refuseOther(row?.digest, use);
  return row?.run_id;
}
