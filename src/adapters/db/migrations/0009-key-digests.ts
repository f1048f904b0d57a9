import type { Migration } from "./migration.ts";

/** What was sent under an Idempotency-Key, so that another input under the same key is noticed. */
export const keyDigests: Migration = {
  number: 9,
  name: "key-digests",
  statements: ["alter table idempotency add column digest text"],
};
