import type { Migration } from "./migration.ts";

/** Signatures of requests that were received, see core/apis/seen-signatures.ts. */
export const seenSignatures: Migration = {
  number: 3,
  name: "seen signatures",
  statements: [
    `create table seen_signatures (
       organization text not null, signature text not null, seen integer not null,
       primary key (organization, signature)) without rowid`,
    "create index seen_signatures_by_age on seen_signatures (organization, seen)",
  ],
};
