/**
 * Jobs: work that must be done even if the server dies in between. A job is enqueued in the transaction that promises the
 * work, claimed by a lease with a fencing number before it begins, and removed in the transaction that records its end.
 */
import { sql } from "kysely";
import type { Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

export interface Job {
  readonly organization: string;
  /** The run, delivery ... that it is about. */
  readonly id: string;
  readonly kind: "run";
}

type Key = Pick<Job, "organization" | "id">;

const insertJob = statement((database, { organization, id, kind }: Job) =>
  database.insertInto("jobs").values({ organization, id, kind, owner: "", lease_until: 0, fence: 0 }),
);

const claimJob = statement(
  (database, values: Key & { owner: string; leaseUntil: number }) =>
    database
      .updateTable("jobs")
      .set(({ eb }) => ({ owner: values.owner, lease_until: values.leaseUntil, fence: eb("fence", "+", 1) }))
      .where("organization", "=", values.organization)
      .where("id", "=", values.id)
      .where(({ eb, or }) =>
        or([eb("owner", "=", ""), eb("owner", "=", values.owner), eb("lease_until", "<", sql<number>`now_ms()`)]),
      ),
  "one",
);

const deleteJob = statement((database, { organization, id }: Key) =>
  database.deleteFrom("jobs").where("organization", "=", organization).where("id", "=", id),
);

const releaseJobs = statement((database) =>
  database.updateTable("jobs").set({ owner: "", lease_until: 0 }).where("owner", "<>", ""),
);

/** Enqueues the job; nobody holds it. */
export function enqueue({ organization, id, kind }: Job): Statement {
  return insertJob({ organization, id, kind });
}

/** Takes the job for `owner`; the unit fails when somebody else holds it. */
export function claim({ organization, id }: Job, owner: string, leaseUntil: number): Statement {
  return claimJob({ organization, id, owner, leaseUntil });
}

/** Removes the job: its work is recorded in the same transaction. */
export function acknowledge({ organization, id }: Job): Statement {
  return deleteJob({ organization, id });
}

/** Takes back every lease; only for a start that has the database to itself, when whoever held one is dead. */
export function releaseAll(): Statement {
  return releaseJobs({});
}
