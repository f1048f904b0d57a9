import type { Migration } from "./migration.ts";

/** What was emitted, and to whom it was delivered; see core/events/event-log.ts and delivery-log.ts. */
export const keptEvents: Migration = {
  number: 19,
  name: "kept events",
  statements: [
    `create table events (
       sequence integer primary key autoincrement, organization text not null, received integer not null,
       type text not null, event text not null, data text)`,
    "create index events_by_sequence on events (organization, sequence)",
    "create index events_by_time on events (organization, received, sequence)",
    `create table deliveries (
       organization text not null, id text not null, subscription text not null, subscription_id text not null,
       type text not null, source text not null, event_id text not null, status text not null, attempts integer not null,
       run text, error text, promised integer not null, ended integer, primary key (organization, id)) without rowid`,
    "create index deliveries_of_subscription on deliveries (organization, subscription, id)",
    "create index dead_letters_by_work on dead_letters (organization, work_id)",
  ],
};
