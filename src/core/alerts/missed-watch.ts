/** What clocks missed: the `cron.missed` of the log of events, by the driver that pushed it. */

import type { Database } from "../shared/ports.ts";
import { now } from "../work/job.ts";
import type { Subject, Watch } from "./watch.ts";
import { type Missed, missedWords } from "./words.ts";

const DAY_MS = 24 * 3_600_000;
/** The time of an event is a little earlier than its record, so the last moments are left to the next look. */
const SETTLED_MS = 2000;
/** Messages of clocks that one look reads; what is longer than their own is none of theirs. */
const MOST = 1000;
const MOST_LETTERS = 1000;

export function missedWatch(database: Database): Watch {
  return {
    look: async (subject, mark) => {
      const until = (await timeOf(database)) - SETTLED_MS;
      const since = typeof mark === "string" ? Number(mark) : until;
      const missed = until > since ? await missedBetween(database, subject, since, until) : [];
      return { mark: String(Math.max(since, until)), news: missed.length > 0 ? missedWords(missed) : undefined };
    },
    digest: async (subject) => {
      const until = await timeOf(database);
      const missed = await missedBetween(database, subject, until - DAY_MS, until);
      return `Last 24 hours: ${missed.length > 0 ? missedWords(missed) : "no clock missed a time."}`;
    },
  };
}

async function timeOf({ query }: Database): Promise<number> {
  const { time } = await query.selectNoFrom(now.as("time")).executeTakeFirstOrThrow();
  return Number(time);
}

/** Oldest first. */
async function missedBetween(
  { query }: Database,
  { organization, of }: Subject,
  since: number,
  until: number,
): Promise<Missed[]> {
  let found = query
    .selectFrom("events")
    .select(["driver", "data"])
    .where("organization", "=", organization)
    .where("received", ">", since)
    .where("received", "<=", until)
    .where("type", "=", "cron.missed")
    .where("driver", "is not", null);
  if (of !== undefined) found = found.where("driver", "=", of);
  const rows = await found.orderBy("sequence").limit(MOST).execute();
  return rows.flatMap(({ driver, data }) => missedOf(driver ?? "", data));
}

/** Nothing when it is not what the `cron` driver says: any program may push events of any type. */
function missedOf(name: string, data: string | null): Missed[] {
  if (data === null || data.length > MOST_LETTERS) return [];
  const { count, first, last } = Object(JSON.parse(data)) as Readonly<Record<string, unknown>>;
  const times = [first, last].map((time) => Date.parse(String(time)));
  const [from = Number.NaN, to = Number.NaN] = times;
  return Number.isSafeInteger(count) && times.every(Number.isSafeInteger)
    ? [{ name, count: Number(count), from, to }]
    : [];
}
