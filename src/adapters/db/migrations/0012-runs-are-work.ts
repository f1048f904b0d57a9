import type { Migration } from "./migration.ts";

const columns = `insert into work (organization, kind, id, behind, due, attempts, max_attempts, payload, owner, fence, born)`;

/** Runs that nobody waits for are work like any other, also for later; of the others it is known which server has them. */
export const runsAreWork: Migration = {
  number: 12,
  name: "runs are work",
  statements: [
    "alter table runs add column owner text",
    "alter table runs add column start_at integer",
    `${columns} select organization, 'run', id, 0, 0, 0, 0, '{}', '', 0, unixepoch() * 1000 from jobs where kind = 'run'`,
    "drop table jobs",
  ],
  postgres: [
    'alter table runs add column owner text collate "C"',
    "alter table runs add column start_at bigint",
    `${columns} select organization, 'run', id, 0, 0, 0, 0, '{}', '', 0, now_ms() from jobs where kind = 'run'`,
    "drop table jobs",
  ],
};
