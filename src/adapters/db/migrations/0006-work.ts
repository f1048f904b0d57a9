import type { Migration } from "./migration.ts";

/** What must be done, and what could not be done; see core/work. */
export const work: Migration = {
  number: 6,
  name: "work",
  statements: [
    `create table work (
       sequence integer primary key autoincrement, organization text not null, kind text not null, id text not null,
       order_key text, behind integer not null, due integer not null, attempts integer not null,
       max_attempts integer not null, payload text not null, owner text not null, fence integer not null, error text)`,
    "create unique index work_by_id on work (organization, kind, id)",
    "create index work_due on work (kind, due, sequence) where behind = 0",
    "create index work_in_order on work (kind, organization, order_key, sequence) where order_key is not null",
    `create table dead_letters (
       organization text not null, id text not null, kind text not null, work_id text not null, order_key text,
       attempts integer not null, max_attempts integer not null, payload text not null, error text not null,
       died integer not null, primary key (organization, id)) without rowid`,
    "create index dead_letters_by_age on dead_letters (organization, died, id)",
  ],
};
