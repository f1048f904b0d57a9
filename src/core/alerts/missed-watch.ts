/** What clocks missed: the `cron.missed` of the log of events, by the driver that pushed it. */

import { missedTimes } from "../events/missed.ts";
import type { Database } from "../shared/ports.ts";
import { DAY_MS, databaseTime, lookedUntil, SETTLED_MS } from "./times.ts";
import type { Subject, Watch } from "./watch.ts";
import { type Missed, missedWords } from "./words.ts";

/** Messages of clocks that one look reads. */
const MOST = 1000;

export function missedWatch(database: Database): Watch {
  return {
    look: async (subject, mark) => {
      const until = await databaseTime(database, SETTLED_MS);
      const since = typeof mark === "string" ? lookedUntil(Number(mark), until) : until;
      const missed = until > since ? await missedBetween(database, subject, since, until) : [];
      return { mark: String(Math.max(since, until)), news: missed.length > 0 ? missedWords(missed) : undefined };
    },
    digest: async (subject) => {
      const until = await databaseTime(database, 0);
      const missed = await missedBetween(database, subject, until - DAY_MS, until);
      return `Last 24 hours: ${missed.length > 0 ? missedWords(missed) : "no clock missed a time."}`;
    },
  };
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
  return rows.flatMap(({ driver, data }) => {
    const missed = missedTimes(data);
    return missed === undefined ? [] : [{ ...missed, name: driver ?? "" }];
  });
}
