import type { Migration } from "./migration.ts";

/** The first 48 bits of a UUID of version 7 as a number: milliseconds since 1970 (RFC 9562, 5.7). */
const digits = "(substr(id, 1, 8) || substr(id, 10, 4))";
const milliseconds = Array.from(
  { length: 12 },
  (_, at) => `(instr('0123456789abcdef', substr(${digits}, ${at + 1}, 1)) - 1 << ${44 - at * 4})`,
).join(" | ");

const indexes = [
  "drop index runs_by_id",
  "drop index runs_by_function",
  "drop index runs_by_time",
  "create index runs_by_function on runs (organization, function_name, executed)",
  "create index runs_by_time on runs (organization, executed)",
];

/**
 * Runs lie in their indexes in the order of their times, so that a new one is always added at the end, and the index by id
 * is not needed any more: an id tells the millisecond in which its run was accepted. Until now two clocks were read for
 * the two, and could differ by a little.
 */
export const runsInOrder: Migration = {
  number: 2,
  name: "runs-in-order",
  statements: [
    `update runs set executed = (${milliseconds}) * 1000000 + executed % 1000000
       where executed / 1000000 <> (${milliseconds})`,
    "update runs set finished = executed where finished < executed",
    ...indexes,
  ],
  // No run of before is kept in PostgreSQL.
  postgres: indexes,
};
