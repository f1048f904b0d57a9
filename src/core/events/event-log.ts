/** The events that were received, in their order: for those who watch, and to be replayed. Kept as long as `keep-events` says. */
import type { Selectable } from "kysely";
import { type CloudEvent, currentText, envelopeOfEvent } from "../cloud-events/cloud-event.ts";
import type { DatabaseSchema, EventTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { now } from "../work/job.ts";

/** One row; `event` is the event without its data, both are JSON texts. */
export type KeptEvent = Pick<
  Selectable<DatabaseSchema["events"]>,
  "sequence" | "received" | "type" | "event" | "data" | "driver"
>;

type Row = Pick<EventTable, "organization" | "type" | "event" | "data" | "driver">;

const insertEvent = statement((database, row: Row) =>
  database.insertInto("events").values({
    organization: row.organization,
    received: now,
    type: row.type,
    event: row.event,
    data: row.data,
    driver: row.driver,
  }),
);

/** @param driver that pushed it, if one did. */
export function keepEvent(organization: string, event: CloudEvent, driver: string | undefined): Statement {
  return insertEvent({
    ...{ organization, type: event.eventType },
    event: envelopeOfEvent(event),
    data: event.data ?? null,
    driver: driver ?? null,
  });
}

const columns = ["sequence", "received", "type", "event", "data", "driver"] as const;

function rows({ query }: Database, organization: string) {
  return query.selectFrom("events").select(columns).where("organization", "=", organization);
}

/** So many behind a place, oldest first; up to another place if one is given. */
export async function eventsAfter(
  database: Database,
  organization: string,
  { after, until, limit }: { readonly after: number; readonly until?: number; readonly limit: number },
): Promise<KeptEvent[]> {
  let found = rows(database, organization).where("sequence", ">", after);
  if (until !== undefined) found = found.where("sequence", "<=", until);
  return found.orderBy("sequence").limit(limit).execute();
}

/** So many before a place, newest first. */
export async function eventsBefore(
  database: Database,
  organization: string,
  {
    before,
    since,
    limit,
  }: { readonly before: number | undefined; readonly since: number | undefined; readonly limit: number },
): Promise<KeptEvent[]> {
  let found = rows(database, organization);
  if (before !== undefined) found = found.where("sequence", "<", before);
  if (since !== undefined) found = found.where("received", ">=", since);
  return found.orderBy("sequence", "desc").limit(limit).execute();
}

/** The last of a driver since a time (Unix milliseconds), newest first. */
export async function eventsOfDriver(
  database: Database,
  { organization, name, since }: { readonly organization: string; readonly name: string; readonly since: number },
  limit: number,
): Promise<KeptEvent[]> {
  const found = rows(database, organization).where("driver", "=", name).where("received", ">=", since);
  return found.orderBy("sequence", "desc").limit(limit).execute();
}

/** The place of the newest; 0 before the first. */
export async function lastSequence({ query }: Database, organization: string): Promise<number> {
  const last = query.selectFrom("events").select("sequence").where("organization", "=", organization);
  return Number((await last.orderBy("sequence", "desc").limit(1).executeTakeFirst())?.sequence ?? 0);
}

/** The events that were received from one time up to another (Unix milliseconds): the first, the last, and how many. */
export async function eventsBetween(
  { query }: Database,
  organization: string,
  from: number,
  to: number,
): Promise<{ readonly first: number; readonly last: number; readonly count: number }> {
  const found = await query
    .selectFrom("events")
    .select(({ fn }) => [
      fn.min("sequence").as("first"),
      fn.max("sequence").as("last"),
      fn.countAll<number>().as("count"),
    ])
    .where("organization", "=", organization)
    .where("received", ">=", from)
    .where("received", "<=", to)
    .executeTakeFirst();
  return { first: Number(found?.first ?? 0), last: Number(found?.last ?? 0), count: Number(found?.count ?? 0) };
}

/** As it goes over the wire: the event as CloudEvents 1.0, and where and when it came. JSON text. */
export function keptText({ sequence, received, event, data, driver }: KeptEvent): string {
  const place = JSON.stringify({
    ...{ name: String(sequence), receivedTime: Number(received) },
    ...(driver === null ? {} : { driver }),
  });
  return `${place.slice(0, -1)},"event":${currentText(event, data ?? undefined)}}`;
}
