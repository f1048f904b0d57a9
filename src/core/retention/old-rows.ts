/** What else grows with use, and is of no use after a time. All of it goes in small chunks. */
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
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

const dropEvents = statement((database, { until }: { until: number }) =>
  database.deleteFrom("events").where("sequence", "<=", until),
);

const dropDelivery = statement((database, row: { organization: string; id: string }) =>
  database.deleteFrom("deliveries").where("organization", "=", row.organization).where("id", "=", row.id),
);

const dropLetters = statement((database, row: { organization: string; until: number }) =>
  database.deleteFrom("dead_letters").where("organization", "=", row.organization).where("died", "<=", row.until),
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

/** Of events that were received before this time (Unix milliseconds), those that come first. Each may be large. */
export async function dropOldEvents(database: Database, before: number, step: Step): Promise<void> {
  const rows = database.query.selectFrom("events").select(["sequence", "received"]).orderBy("sequence");
  for (;;) {
    const found = await step(() => rows.limit(EVENTS).execute());
    const until = found.filter(({ received }) => Number(received) < before).at(-1)?.sequence;
    if (until === undefined) return;
    await step(() => database.commit([dropEvents({ until: Number(until) })]));
  }
}

/** The log of deliveries that were promised before this time, less those that have not ended. */
export async function dropOldDeliveries(database: Database, before: number, step: Step): Promise<void> {
  for (let place: DeliveryPlace | undefined = { organization: "", id: "" }; place !== undefined; ) {
    const after: DeliveryPlace = place;
    const page: DeliveryPlace[] = await step(() => deliveriesAfter(database, after, before));
    place = page.at(-1);
    const chunk = page.map(({ organization, id }) => dropDelivery({ organization, id }));
    if (chunk.length > 0) await step(() => database.commit(chunk));
  }
}

interface DeliveryPlace {
  readonly organization: string;
  readonly id: string;
}

function deliveriesAfter({ query }: Database, after: DeliveryPlace, before: number): Promise<DeliveryPlace[]> {
  return query
    .selectFrom("deliveries")
    .select(["organization", "id"])
    .where(({ eb, or, and }) =>
      or([
        eb("organization", ">", after.organization),
        and([eb("organization", "=", after.organization), eb("id", ">", after.id)]),
      ]),
    )
    .where("promised", "<", before)
    .where(noWork("delivery", "deliveries"))
    .orderBy("organization")
    .orderBy("id")
    .limit(CHUNK)
    .execute();
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
  for (let organization = ""; ; ) {
    const after = organization;
    const next = await step(() => nextOrganization(database, after));
    if (next === undefined) return;
    organization = next;
    await dropLettersOf(database, organization, before, step);
  }
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

async function nextOrganization({ query }: Database, after: string): Promise<string | undefined> {
  const rows = query.selectFrom("dead_letters").select("organization").where("organization", ">", after);
  return (await rows.orderBy("organization").limit(1).executeTakeFirst())?.organization;
}
