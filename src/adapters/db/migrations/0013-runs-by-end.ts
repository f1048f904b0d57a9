import type { Migration } from "./migration.ts";

/**
 * What changed lately is found by when it was accepted, except for the few runs that lasted longer than a minute; and so are
 * those that failed. Neither index costs a run that ended well and soon anything.
 */
export const runsByEnd: Migration = {
  number: 13,
  name: "runs-by-end",
  statements: [
    "create index runs_long on runs (organization, finished) where finished - executed > 60000000000",
    "create index runs_failed on runs (organization, executed) where status = 'ERROR'",
  ],
};
