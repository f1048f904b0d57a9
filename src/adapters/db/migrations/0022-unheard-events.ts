import type { Migration } from "./migration.ts";

/** Whether a received event was for any subscription: a later repetition may be the first that is, see core/events/received.ts. */
export const unheardEvents: Migration = {
  number: 22,
  name: "unheard events",
  statements: ["alter table received_events add column delivered integer not null default 1"],
};
