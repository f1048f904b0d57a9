import type { Migration } from "./migration.ts";

/** What applications keep, see core/state. */
export const state: Migration = {
  number: 8,
  name: "state",
  statements: [
    `create table state (
       organization text not null, application text not null, key text not null, value text not null,
       version integer not null, modified integer not null, primary key (organization, application, key))`,
  ],
};
