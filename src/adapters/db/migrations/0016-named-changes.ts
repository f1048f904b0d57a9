import type { Migration } from "./migration.ts";

/** Whoever follows the changes reads what changed by its name. */
export const namedChanges: Migration = {
  number: 16,
  name: "named changes",
  statements: ["alter table changes add column name text"],
};
