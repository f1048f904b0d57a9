import type { Migration } from "./migration.ts";

/** Runs have a title and tell where their time went. */
export const toldRuns: Migration = {
  number: 15,
  name: "told-runs",
  statements: ["alter table runs add column title text", "alter table runs add column times text"],
};
