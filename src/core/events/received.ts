/** Events that were received: the same one, by type, source and id, is delivered once within a day (decisions 19). */

import type { CloudEvent } from "../cloud-events/cloud-event.ts";
import type { ReceivedEventTable } from "../shared/database-schema.ts";
import type { Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

const REMEMBERED_SECONDS = 24 * 60 * 60;

const forget = statement((database, { organization, before }: { organization: string; before: number }) =>
  database.deleteFrom("received_events").where("organization", "=", organization).where("received", "<", before),
);

const remember = statement((database, row: ReceivedEventTable) =>
  database.insertInto("received_events").values({
    organization: row.organization,
    type: row.type,
    source: row.source,
    id: row.id,
    received: row.received,
  }),
);

/** The unit fails with DuplicateError when it was received before. */
export function receive(
  organization: string,
  { eventType, source, eventID = "" }: CloudEvent,
  now: number,
): Statement[] {
  const row = { organization, type: eventType, source, id: eventID, received: now };
  return [forget({ organization, before: now - REMEMBERED_SECONDS }), remember(row)];
}
