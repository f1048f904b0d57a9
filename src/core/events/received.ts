/** Events that were received: the same one, by type, source and id, is delivered once within a day (decisions 19). */

import { createHash } from "node:crypto";
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
    delivered: row.delivered,
  }),
);

const deliverOnce = statement(
  (database, row: Omit<ReceivedEventTable, "received" | "delivered">) =>
    database
      .updateTable("received_events")
      .set({ delivered: 1 })
      .where("organization", "=", row.organization)
      .where("type", "=", row.type)
      .where("source", "=", row.source)
      .where("id", "=", row.id)
      .where("delivered", "=", 0),
  "one",
);

export class Received {
  /** By organization: when the old ones were forgotten last, in Unix seconds. */
  readonly #forgotten = new Map<string, number>();

  /** `now`: Unix seconds. The unit fails with DuplicateError when it was received before. */
  receive(organization: string, event: CloudEvent, now: number, isDelivered: boolean): Statement[] {
    const row = { ...nameOf(organization, event), received: now, delivered: isDelivered ? 1 : 0 };
    if (this.#forgotten.get(organization) === now) return [remember(row)];
    this.#forgotten.set(organization, now);
    return [forget({ organization, before: now - REMEMBERED_SECONDS }), remember(row)];
  }
}

/** For one that was received before. The unit fails with StaleWriteError unless it was for nobody then. */
export function receiveAgain(organization: string, event: CloudEvent): Statement {
  return deliverOnce(nameOf(organization, event));
}

function nameOf(organization: string, { eventType, source, eventID = "" }: CloudEvent) {
  return { organization, type: eventType, source: short(source), id: short(eventID) };
}

/** Letters that a part of the name may have: PostgreSQL finds rows by no more than 2,704 bytes. */
const LONGEST = 256;

/** A text by which an event is told from others, however long it is. */
function short(text: string): string {
  return text.length <= LONGEST ? text : `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
