import type { Migration } from "./migration.ts";

/** Who is accountable, and what the key of an entry is made of. Entries of older versions have neither. */
export const keyedAudit: Migration = {
  number: 7,
  name: "keyed audit",
  statements: ["alter table audit add column people text", "alter table audit add column nonce text"],
};
