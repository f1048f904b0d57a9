import type { Migration } from "./migration.ts";

/** How often a server ended while it took up a run that another had left behind. */
export const recoveries: Migration = {
  number: 5,
  name: "recoveries",
  statements: ["alter table runs add column recoveries integer not null default 0"],
};
