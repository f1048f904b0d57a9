/** How much waits to be done, and for how long. */
import { sql } from "kysely";
import type { Database } from "../shared/ports.ts";
import { now } from "./job.ts";

export interface Backlog {
  /** Jobs, by kind, whether they wait, are under way, or pause between attempts. */
  readonly jobs: Readonly<Record<string, number>>;
  /** How long the oldest job that is due has waited, in milliseconds; 0 when none is. */
  readonly waiting: number;
  readonly deadLetters: number;
}

/** Answers within the time of one count of the table. */
export async function backlogOf({ query }: Database): Promise<Backlog> {
  const counted = await query
    .selectFrom("work")
    .select(["kind", ({ fn }) => fn.countAll<number>().as("jobs")])
    .groupBy("kind")
    .execute();
  const late = await query
    .selectFrom("work")
    .select(sql<number>`max(${now} - born)`.as("waiting"))
    .where("behind", "=", 0)
    .where("owner", "=", "")
    .where("due", "<=", now)
    .executeTakeFirst();
  const dead = await query
    .selectFrom("dead_letters")
    .select(({ fn }) => fn.countAll<number>().as("letters"))
    .executeTakeFirst();
  return {
    jobs: Object.fromEntries(counted.map(({ kind, jobs }) => [kind, Number(jobs)])),
    waiting: Number(late?.waiting ?? 0),
    deadLetters: Number(dead?.letters ?? 0),
  };
}
