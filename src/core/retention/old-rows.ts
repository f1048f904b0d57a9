/** What else grows with use, and is of no use after a time. All of it goes in small chunks. */
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { uuidTime } from "../shared/uuid-time.ts";
import { noWork } from "../work/no-work.ts";
import type { Step } from "./old-runs.ts";

const CHUNK = 500;
const EVENTS = 50;
/** An answer under an Idempotency-Key is given again for so long (decisions 18c). */
const KEY_SECONDS = 24 * 60 * 60;
/** Whoever follows the change feed may be so many changes behind. */
const CHANGES = 100_000;

const dropKeys = statement((database, { until }: { until: number }) =>
  database.deleteFrom("idempotency").where("created", "<=", until),
);

const dropChanges = statement((database, { until }: { until: number }) =>
  database.deleteFrom("changes").where("sequence", "<=", until),
);

const dropEvent = statement((database, row: { sequence: number }) =>
  database.deleteFrom("events").where("sequence", "=", row.sequence),
);

interface DeliveryRange {
  readonly organization: string;
  readonly after: string;
  readonly until: string;
  readonly before: number;
}

const dropDeliveries = statement((database, range: DeliveryRange) =>
  database
    .deleteFrom("deliveries")
    .where("organization", "=", range.organization)
    .where("id", ">", range.after)
    .where("id", "<=", range.until)
    .where("promised", "<", range.before)
    .where(noWork("delivery", "deliveries")),
);

const dropLetters = statement((database, row: { organization: string; until: number }) =>
  database.deleteFrom("dead_letters").where("organization", "=", row.organization).where("died", "<=", row.until),
);

const dropCounts = statement((database, { organization }: { organization: string }) =>
  database
    .deleteFrom("delivery_counts")
    .where("organization", "=", organization)
    .where("subscription_id", "not in", (query) =>
      query
        .selectFrom("resources")
        .select("id")
        .where("organization", "=", organization)
        .where("kind", "=", "Subscription"),
    ),
);

/** `now`: Unix seconds. */
export async function dropExpiredKeys(database: Database, now: number, step: Step): Promise<void> {
  const rows = database.query
    .selectFrom("idempotency")
    .select("created")
    .where("created", "<", now - KEY_SECONDS);
  for (;;) {
    const end = await step(() => rows.orderBy("created").limit(CHUNK).execute());
    const until = end.at(-1)?.created;
    if (until === undefined) return;
    await step(() => database.commit([dropKeys({ until })]));
  }
}

/** The events that were received before this time (Unix milliseconds), wherever a clock that was set has put them. Each may be large. */
export async function dropOldEvents(database: Database, before: number, step: Step): Promise<void> {
  for await (const organization of organizationsIn(database, "events", step)) {
    const rows = database.query.selectFrom("events").select("sequence").where("organization", "=", organization);
    const old = rows.where("received", "<", before).orderBy("received").limit(EVENTS);
    for (;;) {
      const page = await step(() => old.execute());
      if (page.length === 0) break;
      await step(() => database.commit(page.map(({ sequence }) => dropEvent({ sequence: Number(sequence) }))));
    }
  }
}

/** The log of deliveries that were promised before this time, less those that have not ended. */
export async function dropOldDeliveries(database: Database, before: number, step: Step): Promise<void> {
  for await (const organization of organizationsIn(database, "deliveries", step)) {
    const rows = database.query.selectFrom("deliveries").select("id").where("organization", "=", organization);
    // No delivery that was promised from this time on has a lesser id.
    const old = rows
      .where("id", "<", uuidTime(Math.max(before, 0)))
      .orderBy("id")
      .limit(CHUNK);
    for (let after = ""; ; ) {
      const from = after;
      const until = (await step(() => old.where("id", ">", from).execute())).at(-1)?.id;
      if (until === undefined) break;
      await step(() => database.commit([dropDeliveries({ organization, after: from, until, before })]));
      after = until;
    }
  }
}

export async function dropOldChanges(database: Database, step: Step): Promise<void> {
  const rows = database.query.selectFrom("changes").select("sequence").limit(1);
  const last = await step(() => rows.orderBy("sequence", "desc").executeTakeFirst());
  const first = await step(() => rows.orderBy("sequence").executeTakeFirst());
  const end = Number(last?.sequence ?? 0) - CHANGES;
  for (let until = Number(first?.sequence ?? 0); until < end; ) {
    until = Math.min(until + CHUNK, end);
    const to = until;
    await step(() => database.commit([dropChanges({ until: to })]));
  }
}

/** `before`: Unix milliseconds. */
export async function dropOldLetters(database: Database, before: number, step: Step): Promise<void> {
  for await (const organization of organizationsIn(database, "dead_letters", step))
    await dropLettersOf(database, organization, before, step);
}

async function dropLettersOf(database: Database, organization: string, before: number, step: Step): Promise<void> {
  const rows = database.query.selectFrom("dead_letters").select("died").where("organization", "=", organization);
  for (;;) {
    const found = await step(() => rows.where("died", "<", before).orderBy("died").limit(CHUNK).execute());
    const until = found.at(-1)?.died;
    if (until === undefined) return;
    await step(() => database.commit([dropLetters({ organization, until })]));
  }
}

/** The counters of subscriptions that are no more. */
export async function dropCountsOfDeleted(database: Database, step: Step): Promise<void> {
  for await (const organization of organizationsIn(database, "delivery_counts", step))
    await step(() => database.commit([dropCounts({ organization })]));
}

type Owned = "delivery_counts" | "events" | "deliveries" | "dead_letters";

async function* organizationsIn(database: Database, table: Owned, step: Step): AsyncGenerator<string> {
  const next = (after: string) => step(() => nextOrganization(database, table, after));
  for (let last = await next(""); last !== undefined; last = await next(last)) yield last;
}

async function nextOrganization({ query }: Database, table: Owned, after: string): Promise<string | undefined> {
  const rows = query.selectFrom(table).select("organization").where("organization", ">", after);
  return (await rows.orderBy("organization").limit(1).executeTakeFirst())?.organization;
}
