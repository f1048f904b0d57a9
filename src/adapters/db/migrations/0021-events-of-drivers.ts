import type { Migration } from "./migration.ts";

/** Which driver pushed an event: when a clock went off, see core/events/schedules.ts. */
export const eventsOfDrivers: Migration = {
  number: 21,
  name: "events of drivers",
  statements: [
    "alter table events add column driver text",
    "create index events_by_driver on events (organization, driver, sequence) where driver is not null",
  ],
};
