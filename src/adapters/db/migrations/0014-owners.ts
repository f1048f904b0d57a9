import type { Migration } from "./migration.ts";

/** Who made a resource (null is the administrator), and what it is for. Of older ones the last author is known. */
export const owners: Migration = {
  number: 14,
  name: "owners",
  statements: [
    "alter table resources add column owner text",
    "alter table resources add column description text",
    "update resources set owner = author",
  ],
};
