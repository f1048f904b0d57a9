/**
 * Work that must be done even if the server dies in between. Everything here is a statement for somebody's own unit: work is
 * promised in the unit that promises it to a caller, and ends in the unit that records what came of it.
 */
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from "kysely";
import type { DatabaseSchema, DeadLetterTable, WorkTable } from "../shared/database-schema.ts";
import type { Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

/** A lease is renewed three times in its life; whoever lets it run out loses the job to the next taker. */
export const LEASE_MS = 30_000;

/** The database's clock. */
export const now = sql<number>`now_ms()`;

export interface Job {
  readonly organization: string;
  readonly kind: string;
  /** Unique within its organization and kind. */
  readonly id: string;
  /** Of the jobs with the same key only the oldest is done at a time, whatever becomes of it. */
  readonly orderKey?: string | undefined;
  readonly payload: string;
  /** After so many it is a dead letter; 0 for any number. */
  readonly maxAttempts: number;
}

/** A job that this process has taken. */
export interface HeldJob extends Job {
  /** Grows with each taker: writes of an earlier taker fail (a fencing number). */
  readonly fence: number;
  /** This one, from 1 on. */
  readonly attempt: number;
  /** Why the last attempt failed. */
  readonly error: string | undefined;
}

type Values = Pick<WorkTable, "organization" | "kind" | "id" | "due" | "max_attempts" | "payload">;

const insertWork = statement((database, row: Values) =>
  database.insertInto("work").values({
    organization: row.organization,
    kind: row.kind,
    id: row.id,
    behind: 0,
    due: row.due,
    attempts: 0,
    max_attempts: row.max_attempts,
    payload: row.payload,
    owner: "",
    fence: 0,
    born: now,
  }),
);

const insertInOrder = statement((database, row: Values & { order_key: string }) => {
  const older = database.selectFrom("work").select("id").where(inOrder(row));
  return database.insertInto("work").values({
    organization: row.organization,
    kind: row.kind,
    id: row.id,
    order_key: row.order_key,
    behind: sql<number>`case when exists ${older} then 1 else 0 end`,
    due: row.due,
    attempts: 0,
    max_attempts: row.max_attempts,
    payload: row.payload,
    owner: "",
    fence: 0,
    born: now,
  });
});

const insertHeld = statement((database, row: Omit<Values, "due"> & { owner: string; lease: number }) =>
  database.insertInto("work").values({
    organization: row.organization,
    kind: row.kind,
    id: row.id,
    behind: 0,
    due: sql<number>`${now} + ${row.lease}`,
    attempts: 0,
    max_attempts: row.max_attempts,
    payload: row.payload,
    owner: row.owner,
    fence: 0,
    born: now,
  }),
);

/** Nothing is inserted where an older one waits in the order of `front`. */
const insertBegun = statement(
  (database, row: Omit<Values, "due"> & { owner: string; lease: number; order_key: string; front: string }) => {
    const { organization, kind } = row;
    const older = database
      .selectFrom("work")
      .select("id")
      .where(inOrder({ organization, kind, order_key: row.front }));
    const text = (value: string) => sql<string>`cast(${value} as text)`;
    const number = (value: number) => sql<number>`cast(${value} as bigint)`;
    const values = database
      .selectNoFrom([
        text(organization).as("organization"),
        text(kind).as("kind"),
        text(row.id).as("id"),
        text(row.order_key).as("order_key"),
        number(0).as("behind"),
        sql<number>`${now} + ${number(row.lease)}`.as("due"),
        number(1).as("attempts"),
        number(row.max_attempts).as("max_attempts"),
        text(row.payload).as("payload"),
        text(row.owner).as("owner"),
        number(0).as("fence"),
        now.as("born"),
      ])
      .where(({ not, exists }) => not(exists(older)));
    return database.insertInto("work").columns(begunColumns).expression(values);
  },
  "one",
);

const begunColumns = [
  ...(["organization", "kind", "id", "order_key", "behind", "due", "attempts", "max_attempts"] as const),
  ...(["payload", "owner", "fence", "born"] as const),
] as const;

export interface OrderKey {
  readonly organization: string;
  readonly kind: string;
  readonly order_key: string;
}

type WorkCondition = (
  builder: ExpressionBuilder<DatabaseSchema, "work">,
) => ExpressionWrapper<DatabaseSchema, "work", SqlBool>;

export function inOrder({ organization, kind, order_key }: OrderKey): WorkCondition {
  return ({ eb, and }) =>
    and([eb("organization", "=", organization), eb("kind", "=", kind), eb("order_key", "=", order_key)]);
}

/** What a job is known by. */
export type JobName = Pick<Job, "organization" | "kind" | "id">;

/** The jobs whose order keys lie between two texts. */
export type JobOrders = Pick<Job, "organization" | "kind"> & { readonly from: string; readonly to: string };

export type Hold = Pick<HeldJob, "organization" | "kind" | "id" | "fence">;

export function held({ organization, kind, id, fence }: Hold): WorkCondition {
  return ({ eb, and }) =>
    and([eb("organization", "=", organization), eb("kind", "=", kind), eb("id", "=", id), eb("fence", "=", fence)]);
}

const deleteHeld = statement((database, hold: Hold) => database.deleteFrom("work").where(held(hold)), "one");

const nextInOrder = statement((database, key: OrderKey) =>
  database
    .updateTable("work")
    .set({ behind: 0 })
    .where("sequence", "=", (query) =>
      query
        .selectFrom("work")
        .select(({ fn }) => fn.min("sequence").as("first"))
        .where(inOrder(key)),
    )
    // What was taken along is at the front already.
    .where("behind", "=", 1),
);

/** 1 for one that was taken along with an older one of its order, which has not left it: see `claimBehind`. */
export const behindOlder = sql<number>`case when order_key is not null and exists (
  select 1 from work as older where older.kind = work.kind and older.organization = work.organization
  and older.order_key = work.order_key and older.sequence < work.sequence) then 1 else 0 end`;

const putBack = statement(
  (database, values: Hold & { pause: number; error: string }) =>
    database
      .updateTable("work")
      .set({ owner: "", behind: behindOlder, error: values.error, due: sql<number>`${now} + ${values.pause}` })
      .where(held(values)),
  "one",
);

const unclaim = statement(
  (database, values: Hold & { pause: number; attempts: number }) =>
    database
      .updateTable("work")
      .set({ owner: "", behind: behindOlder, due: sql<number>`${now} + ${values.pause}`, attempts: values.attempts })
      .where(held(values)),
  "one",
);

const extend = statement(
  (database, values: Hold & { lease: number }) =>
    database
      .updateTable("work")
      .set({ due: sql<number>`${now} + ${values.lease}` })
      .where(held(values)),
  "one",
);

const replacePayloadAndOrder = statement(
  (database, values: Hold & { payload: string; order_key: string }) =>
    database.updateTable("work").set({ payload: values.payload, order_key: values.order_key }).where(held(values)),
  "one",
);

const replacePayload = statement(
  (database, values: Hold & { payload: string }) =>
    database.updateTable("work").set({ payload: values.payload }).where(held(values)),
  "one",
);

const makeDue = statement((database, { organization, kind, from, to }: JobOrders) =>
  database
    .updateTable("work")
    .set({ due: 0 })
    .where("organization", "=", organization)
    .where("kind", "=", kind)
    .where("order_key", ">=", from)
    .where("order_key", "<", to)
    .where("behind", "=", 0)
    .where("owner", "=", ""),
);

const setAttempts = statement((database, values: Hold & { attempts: number }) =>
  database.updateTable("work").set({ attempts: values.attempts }).where(held(values)),
);

const deleteAny = statement(
  (database, { organization, kind, id }: JobName) =>
    database.deleteFrom("work").where("organization", "=", organization).where("kind", "=", kind).where("id", "=", id),
  "one",
);

const replacePayloadOf = statement(
  (database, values: JobName & { payload: string }) =>
    database
      .updateTable("work")
      .set({ payload: values.payload })
      .where("organization", "=", values.organization)
      .where("kind", "=", values.kind)
      .where("id", "=", values.id),
  "one",
);

const copyDead = statement(
  (database, values: Hold & { letter: string; error: string }) =>
    database
      .insertInto("dead_letters")
      .columns([
        "organization",
        "id",
        "kind",
        "work_id",
        "order_key",
        "attempts",
        "max_attempts",
        "payload",
        "error",
        "died",
      ])
      .expression((query) =>
        query
          .selectFrom("work")
          .select(["organization", sql<string>`cast(${values.letter} as text)`.as("letter"), "kind", "id", "order_key"])
          .select([
            "attempts",
            "max_attempts",
            "payload",
            sql<string>`cast(${values.error} as text)`.as("reason"),
            now.as("died"),
          ])
          .where(held(values)),
      ),
  "one",
);

const insertDead = statement((database, row: Omit<DeadLetterTable, "attempts" | "died">) =>
  database.insertInto("dead_letters").values({
    organization: row.organization,
    id: row.id,
    kind: row.kind,
    work_id: row.work_id,
    order_key: row.order_key,
    attempts: 0,
    max_attempts: row.max_attempts,
    payload: row.payload,
    error: row.error,
    died: now,
  }),
);

/** Promises the job, for at once or for `due` (Unix milliseconds). The unit fails with DuplicateError when it is there. */
export function enqueue(job: Job, due = 0): Statement {
  const { organization, kind, id, orderKey, payload, maxAttempts } = job;
  const row = { organization, kind, id, payload, due, max_attempts: maxAttempts };
  return orderKey === undefined ? insertWork(row) : insertInOrder({ ...row, order_key: orderKey });
}

/** Promises the job as one that this server does from now on: see `Lane.hold`. Nobody looks for it while the lease holds. */
export function enqueueHeld(
  { organization, kind, id, payload, maxAttempts }: Omit<Job, "orderKey">,
  owner: string,
): Statement {
  return insertHeld({ organization, kind, id, payload, max_attempts: maxAttempts, owner, lease: LEASE_MS });
}

/**
 * Promises the job as one whose first attempt begins in this unit, by this server. The unit fails with StaleWriteError where
 * an older one waits in the order `front`.
 */
export function enqueueBegun(job: Job & { readonly orderKey: string }, owner: string, front: string): Statement {
  const { organization, kind, id, orderKey, payload, maxAttempts } = job;
  const order = { order_key: orderKey, front };
  return insertBegun({ organization, kind, id, payload, max_attempts: maxAttempts, owner, lease: LEASE_MS, ...order });
}

/** What `enqueueHeld` has made. */
export function heldFromBirth(job: Omit<Job, "orderKey">): HeldJob {
  return { ...job, fence: 0, attempt: 0, error: undefined };
}

/** It need not be done any more, whoever has it: what a holder does with it from then on fails. */
export function withdraw({ organization, kind, id }: JobName): Statement {
  return deleteAny({ organization, kind, id });
}

/** For a kind whose attempts are counted by its worker: so many there were. */
export function count(job: HeldJob, attempts: number): Statement {
  return setAttempts({ ...holdOf(job), attempts });
}

/** It is done. The unit fails with StaleWriteError when somebody else has it by now; so do all below. */
export function complete(job: HeldJob): Statement[] {
  return [deleteHeld(job), ...advance(job)];
}

/** Changes what it says. */
export function repack(job: HeldJob, payload: string): Statement {
  return replacePayload({ ...holdOf(job), payload });
}

/** The same, whoever has it. */
export function repackByName({ organization, kind, id }: JobName, payload: string): Statement {
  return replacePayloadOf({ organization, kind, id, payload });
}

/** Puts it back for a later attempt. */
export function retryLater(job: HeldJob, pause: number, error: string): Statement[] {
  return [putBack({ ...holdOf(job), pause, error })];
}

/** Puts it back after so many attempts, as if it had not been taken: there was no room for it. */
export function giveBack(job: HeldJob, pause: number, attempts: number): Statement[] {
  return [unclaim({ ...holdOf(job), pause, attempts })];
}

/** Makes a dead letter of it; those behind it go on. */
export function bury(job: HeldJob, letter: string, error: string): Statement[] {
  return [copyDead({ ...holdOf(job), letter, error }), deleteHeld(job), ...advance(job)];
}

/** A dead letter of what nobody will try until it is sent again. */
export function buryUntried(job: Job, letter: string, error: string): Statement {
  const { organization, kind, id, orderKey = null, payload, maxAttempts } = job;
  return insertDead({
    ...{ organization, id: letter, kind, work_id: id, order_key: orderKey },
    ...{ max_attempts: maxAttempts, payload, error },
  });
}

/**
 * Changes what it says, and leaves its order: it has an order key of its own from now on. Those behind it go on, unless
 * they were taken along, all but the last of which say so.
 */
export function stepAside(job: HeldJob, orderKey: string, payload: string, isLast: boolean): Statement[] {
  const leave = replacePayloadAndOrder({ ...holdOf(job), order_key: orderKey, payload });
  return isLast ? [leave, ...advance(job)] : [leave];
}

/** Those that wait for a time need not wait any longer. */
export function hasten(orders: JobOrders): Statement {
  return makeDue(orders);
}

/** Keeps the lease. */
export function renew(job: HeldJob): Statement {
  return extend({ ...holdOf(job), lease: LEASE_MS });
}

function holdOf({ organization, kind, id, fence }: HeldJob): Hold {
  return { organization, kind, id, fence };
}

function advance({ organization, kind, orderKey }: HeldJob): Statement[] {
  return orderKey === undefined ? [] : [nextInOrder({ organization, kind, order_key: orderKey })];
}
