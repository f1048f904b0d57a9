import type { Migration } from "./migration.ts";

/** When work was promised, so that it can be said how long it has waited. */
export const bornWork: Migration = {
  number: 11,
  name: "born work",
  statements: ["alter table work add column born integer not null default 0"],
};
