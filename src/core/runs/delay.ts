/** Runs for later: when they begin, and how many may wait. */
import { DispatchError } from "../shared/errors.ts";
import type { Database } from "../shared/ports.ts";
import { now as databaseNow } from "../work/job.ts";

const LONGEST_MS = 366 * 24 * 60 * 60 * 1000;
/** Of one organization. */
const MOST_DELAYED = 10_000;
/** RFC 3339: a time without its zone would be somebody's guess. */
const FORM = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

/** Unix milliseconds; undefined for at once. @throws INVALID_START, DELAYED_AND_WAITED_FOR */
export function startOf(text: string | undefined, blocking: boolean, now: number): number | undefined {
  if (text === undefined || text === "") return undefined;
  const start = FORM.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (Number.isNaN(start) || start > now + LONGEST_MS)
    throw new DispatchError("INVALID_START", { value: JSON.stringify(text) });
  if (blocking) throw new DispatchError("DELAYED_AND_WAITED_FOR");
  return start <= now ? undefined : start;
}

/** @throws TOO_MANY_DELAYED */
export async function refuseTooMany({ query }: Database, organization: string): Promise<void> {
  const last = await query
    .selectFrom("work")
    .select("sequence")
    .where("kind", "=", "run")
    .where("behind", "=", 0)
    .where("due", ">", databaseNow)
    .where("organization", "=", organization)
    .where("owner", "=", "")
    .limit(1)
    .offset(MOST_DELAYED - 1)
    .executeTakeFirst();
  if (last !== undefined) throw new DispatchError("TOO_MANY_DELAYED", { limit: MOST_DELAYED });
}
