import type { Migration } from "./migration.ts";

/** Which events were received, see core/events/received.ts. */
export const receivedEvents: Migration = {
  number: 10,
  name: "received events",
  statements: [
    `create table received_events (
       organization text not null, type text not null, source text not null, id text not null, received integer not null,
       primary key (organization, type, source, id)) without rowid`,
    "create index received_events_by_age on received_events (organization, received)",
  ],
};
