import type { Migration } from "./migration.ts";

/** Lists of runs that have not ended lead through those alone, newest first. */
export const unfinishedInOrder: Migration = {
  number: 18,
  name: "unfinished-in-order",
  statements: [
    "drop index runs_unfinished",
    "create index runs_unfinished on runs (organization, executed) where finished is null",
  ],
};
