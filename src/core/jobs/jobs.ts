/**
 * Jobs: work that must be done even if the server dies in between. A job is enqueued in the transaction that promises the
 * work, claimed by a lease with a fencing number before it begins, and removed in the transaction that records its end.
 */
import type { Statement } from "../shared/ports.ts";

export interface Job {
  readonly organization: string;
  /** The run, delivery ... that it is about. */
  readonly id: string;
  readonly kind: "run";
}

/** Enqueues the job; nobody holds it. */
export function enqueue({ organization, id, kind }: Job): Statement {
  return {
    sql: "insert into jobs (organization, id, kind, owner, lease_until, fence) values (?, ?, ?, '', 0, 0)",
    parameters: [organization, id, kind],
  };
}

/** Takes the job for `owner`; the unit fails when somebody else holds it. */
export function claim({ organization, id }: Job, owner: string, leaseUntil: number): Statement {
  return {
    sql: "update jobs set owner = ?, lease_until = ?, fence = fence + 1 where organization = ? and id = ? and (owner in ('', ?) or lease_until < ?)",
    parameters: [owner, leaseUntil, organization, id, owner, Date.now()],
    expect: "one",
  };
}

/** Removes the job: its work is recorded in the same transaction. */
export function acknowledge({ organization, id }: Job): Statement {
  return { sql: "delete from jobs where organization = ? and id = ?", parameters: [organization, id] };
}

/** Takes back every lease; only for a start that has the database to itself, when whoever held one is dead. */
export function releaseAll(): Statement {
  return { sql: "update jobs set owner = '', lease_until = 0 where owner <> ''", parameters: [] };
}
