import type { Migration } from "./migration.ts";

/** Who wrote a resource, and for whom a run was asked for; null is the administrator. */
export const authors: Migration = {
  number: 4,
  name: "authors",
  statements: ["alter table resources add column author text", "alter table runs add column people text"],
};
