/** What alerts watch. Everything is looked up where it is recorded, so that no crash and no storm loses or repeats anything. */
import { type SelectQueryBuilder, sql } from "kysely";
import type { DatabaseSchema } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import type { Alert } from "./contract.ts";
import { missedWatch } from "./missed-watch.ts";
import { DAY_MS, databaseTime, lookedUntil, SETTLED_MS } from "./times.ts";
import type { Subject, Watch } from "./watch.ts";
import {
  type DownDriver,
  downWords,
  type FailedRuns,
  failedRunsWords,
  lettersWords,
  type NewLetters,
  total,
  upWords,
} from "./words.ts";

export interface WatchPorts {
  readonly database: Database;
  readonly drivers: {
    /** Those that are in ERROR. */
    down(organization: string): readonly DownDriver[];
  };
}

export function watchesOf({ database, drivers }: WatchPorts): Readonly<Record<Alert["when"], Watch>> {
  return {
    "run-failed": runWatch(database),
    "driver-down": driverWatch(drivers),
    "dead-letters": letterWatch(database),
    "schedule-missed": missedWatch(database),
  };
}

/** Runs that last longer are found by a separate index of their end times. */
const LONG_NS = 60_000_000_000;

const NS_PER_MS = 1_000_000n;
const inNs = (milliseconds: number): bigint => BigInt(milliseconds) * NS_PER_MS;

function runWatch(database: Database): Watch {
  return {
    look: async (subject, mark) => {
      const until = Date.now() - SETTLED_MS;
      const since = typeof mark === "string" ? lookedUntil(Number(BigInt(mark) / NS_PER_MS), until) : until;
      const found = until > since ? await failedRuns(database, subject, inNs(since), inNs(until)) : undefined;
      const isNews = found !== undefined && found.counts.size > 0;
      return { mark: String(inNs(Math.max(since, until))), news: isNews ? failedRunsWords(found) : undefined };
    },
    digest: async (subject) => {
      const now = Date.now();
      const found = await failedRuns(database, subject, inNs(now - DAY_MS), inNs(now));
      if (total(found.counts) === 0) return `Last 24 hours: no run${named(" of", subject)} failed.`;
      return `Last 24 hours: ${failedRunsWords(found)}`;
    },
  };
}

type RunQuery = SelectQueryBuilder<DatabaseSchema, "runs", object>;

/** Those whose end lies in this time; without messages of alerts themselves. */
async function failedRuns(database: Database, subject: Subject, since: bigint, until: bigint): Promise<FailedRuns> {
  const recent = failedBetween(database, subject, since, until).where("executed", ">", since - BigInt(LONG_NS));
  const long = failedBetween(database, subject, since, until)
    .where("executed", "<=", since - BigInt(LONG_NS))
    .where(sql<bigint>`finished - executed`, ">", sql.lit(LONG_NS) as unknown as bigint);
  const counts = new Map<string, number>();
  for (const query of [recent, long]) {
    const rows = await query
      .select(["function_name", ({ fn }) => fn.countAll<number>().as("count")])
      .groupBy("function_name")
      .execute();
    for (const row of rows) counts.set(row.function_name, (counts.get(row.function_name) ?? 0) + Number(row.count));
  }
  const [last] = counts.size === 0 ? [] : [(await lastOf(recent)) ?? (await lastOf(long))];
  return { counts, last };
}

function failedBetween(database: Database, { organization, of }: Subject, since: bigint, until: bigint): RunQuery {
  const failed = database.query
    .selectFrom("runs")
    .where("organization", "=", organization)
    .where("status", "=", sql.lit("ERROR"))
    .where("finished", ">", since)
    .where("finished", "<=", until)
    .where("principal", "not like", "alert:%");
  return of === undefined ? failed : failed.where("function_name", "=", of);
}

async function lastOf(query: RunQuery): Promise<FailedRuns["last"]> {
  const row = await query
    .select(["id", "function_name", "error"])
    .orderBy("executed", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { message = "it failed" } = JSON.parse(row.error ?? "{}") as { message?: string };
  return { id: row.id, functionName: row.function_name, message };
}

function driverWatch(drivers: WatchPorts["drivers"]): Watch {
  const watched = ({ organization, of }: Subject): readonly DownDriver[] =>
    drivers.down(organization).filter(({ name }) => of === undefined || name === of);
  return {
    look: async (subject, mark) => {
      const before = Array.isArray(mark) ? (mark as readonly string[]) : [];
      const down = watched(subject);
      const names = down.map(({ name }) => name);
      const fresh = down.filter(({ name }) => !before.includes(name)).map(downWords);
      const up = before.filter((name) => !names.includes(name)).map(upWords);
      return { mark: names, news: fresh.length + up.length > 0 ? [...fresh, ...up].join("\n") : undefined };
    },
    digest: async (subject) => {
      const down = watched(subject);
      return down.length === 0 ? `No event driver${named("", subject)} is down.` : down.map(downWords).join("\n");
    },
  };
}

function letterWatch(database: Database): Watch {
  return {
    look: async ({ organization }, mark) => {
      const until = await databaseTime(database, SETTLED_MS);
      const since = typeof mark === "string" ? lookedUntil(Number(mark), until) : until;
      const letters = await newLetters(database, organization, since, until);
      const next = Math.max(since, until);
      return { mark: String(next), news: letters.added > 0 ? lettersWords(letters) : undefined };
    },
    digest: async ({ organization }) => {
      const until = await databaseTime(database, 0);
      return `Last 24 hours: ${lettersWords(await newLetters(database, organization, until - DAY_MS, until))}`;
    },
  };
}

async function newLetters(
  { query }: Database,
  organization: string,
  since: number,
  until: number,
): Promise<NewLetters> {
  const all = query.selectFrom("dead_letters").where("organization", "=", organization);
  const added = all.where("died", ">", since).where("died", "<=", until);
  const count = async (some: typeof all): Promise<number> => {
    const row = await some.select(({ fn }) => fn.countAll<number>().as("letters")).executeTakeFirst();
    return Number(row?.letters ?? 0);
  };
  const found = await count(added);
  if (found === 0) return { added: 0, all: await count(all), last: undefined };
  const last = await added
    .select(["id", "error"])
    .orderBy("died", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return { added: found, all: await count(all), last };
}

function named(word: string, { of }: Subject): string {
  return of === undefined ? "" : `${word} ${of}`;
}
