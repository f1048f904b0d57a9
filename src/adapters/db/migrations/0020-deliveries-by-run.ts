import type { Migration } from "./migration.ts";

/** The unit that ends a run notes it at the delivery that started it. */
export const deliveriesByRun: Migration = {
  number: 20,
  name: "deliveries by run",
  statements: ["create index deliveries_by_run on deliveries (organization, run) where run is not null"],
};
