import type { Migration } from "./migration.ts";

/** How many events each subscription got, kept beside the log, which is dropped after a time; see core/events/delivery-counts.ts. */
export const deliveryCounts: Migration = {
  number: 23,
  name: "delivery counts",
  statements: [
    `create table delivery_counts (
       organization text not null, subscription_id text not null, server text not null, delivered integer not null,
       primary key (organization, subscription_id, server)) without rowid`,
    `insert into delivery_counts select organization, subscription_id, '', count(*) from deliveries
       where status = 'DELIVERED' group by organization, subscription_id`,
    "create index dead_letters_in_order on dead_letters (organization, order_key) where order_key is not null",
  ],
};
