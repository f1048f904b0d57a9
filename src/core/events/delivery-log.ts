/**
 * What became of each delivery. Its row is written with the promise, changed by the units that start its run and end that, and
 * read together with its work or its dead letter: whichever is there says how far it is.
 */
import type { RunRecord } from "../runs/record.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import { now } from "../work/job.ts";
import type { DeliveryObject, SubscriptionDetails } from "./delivery-contract.ts";
import { countDelivery, countRun, ofRun, type RunKey } from "./delivery-counts.ts";
import { openDeliveries } from "./order.ts";

type SubscriptionBacklog = Pick<SubscriptionDetails, "oldestTime" | "reason"> & { readonly waiting: number };

interface Key {
  readonly organization: string;
  readonly id: string;
}

export interface PromisedRow extends Key {
  readonly subscription: string;
  readonly subscription_id: string;
  readonly type: string;
  readonly source: string;
  readonly event_id: string;
}

const insertDelivery = statement((database, row: PromisedRow & { attempts: number; run: string | null }) =>
  database.insertInto("deliveries").values({
    organization: row.organization,
    id: row.id,
    subscription: row.subscription,
    subscription_id: row.subscription_id,
    type: row.type,
    source: row.source,
    event_id: row.event_id,
    status: "WAITING",
    attempts: row.attempts,
    run: row.run,
    promised: now,
  }),
);

const setRun = statement((database, row: Key & { run: string; attempts: number }) =>
  database
    .updateTable("deliveries")
    .set({ run: row.run, attempts: row.attempts, error: null })
    .where("organization", "=", row.organization)
    .where("id", "=", row.id),
);

const setError = statement((database, row: Key & { error: string }) =>
  database
    .updateTable("deliveries")
    .set({ error: row.error })
    .where("organization", "=", row.organization)
    .where("id", "=", row.id),
);

const setEnd = statement((database, row: Key & { status: string }) =>
  database
    .updateTable("deliveries")
    .set({ status: row.status, ended: now, error: null })
    .where("organization", "=", row.organization)
    .where("id", "=", row.id)
    // The unit that ended its run may have said so already.
    .where("ended", "is", null),
);

const setEndOfRun = statement((database, row: RunKey) =>
  database
    .updateTable("deliveries")
    .set({ status: "DELIVERED", ended: now, error: null })
    .where("organization", "=", row.organization)
    .where("id", "=", ofRun(database, row)),
);

/** The work of one that has left its order (see `ownKeyOf`) has nothing behind it. */
const completeByRun = statement((database, row: RunKey) =>
  database
    .deleteFrom("work")
    .where("organization", "=", row.organization)
    .where("kind", "=", "delivery")
    .where("id", "=", ofRun(database, row))
    .where("order_key", "like", "%/%"),
);

/** `run`: that of its first attempt, when it begins in the same unit. */
export function logPromise(row: PromisedRow, run?: string): Statement {
  return insertDelivery(run === undefined ? { ...row, attempts: 0, run: null } : { ...row, attempts: 1, run });
}

export function logRun({ organization, id }: Key, run: string, attempts: number): Statement {
  return setRun({ organization, id, run, attempts });
}

/** Why it waits. */
export function logReason({ organization, id }: Key, error: string): Statement {
  return setError({ organization, id, error });
}

/** It has come to its subscription; `server`: that says so. */
export function logDelivered({ organization, id }: Key, server: string): readonly Statement[] {
  return [countDelivery({ organization, id, server }), setEnd({ organization, id, status: "DELIVERED" })];
}

/** Whoever was to get it has unsubscribed. */
export function logDropped({ organization, id }: Key): readonly Statement[] {
  return [setEnd({ organization, id, status: "DROPPED" })];
}

/** For the unit that ends a run which a delivery started: it is delivered when the run has ended well, and nothing is left to do. */
export function endOfRun({ organization, id, status }: RunRecord, server: string): readonly Statement[] {
  const of = { organization, run: id };
  return status === "READY" ? [countRun({ ...of, server }), setEndOfRun(of), completeByRun(of)] : [];
}

export interface DeliveryPage {
  readonly subscription?: string | undefined;
  readonly limit: number;
  /** The name of the last one before. */
  readonly cursor?: string | undefined;
}

/** Newest first. */
export async function listDeliveries(
  { query }: Database,
  organization: string,
  { subscription, limit, cursor }: DeliveryPage,
): Promise<DeliveryObject[]> {
  let rows = query
    .selectFrom("deliveries as d")
    .leftJoin("work as w", (join) =>
      join.onRef("w.organization", "=", "d.organization").on("w.kind", "=", "delivery").onRef("w.id", "=", "d.id"),
    )
    .leftJoin("dead_letters as l", (join) =>
      join.onRef("l.organization", "=", "d.organization").onRef("l.work_id", "=", "d.id"),
    )
    .select([
      "d.id",
      "d.subscription",
      "d.type",
      "d.source",
      "d.event_id",
      "d.status",
      "d.attempts",
      "d.run",
      "d.error",
    ])
    .select(["d.promised", "d.ended", "w.id as work", "w.error as failure"])
    .select(["l.id as letter", "l.error as death", "l.died", "l.attempts as tried"])
    .where("d.organization", "=", organization);
  if (subscription !== undefined) rows = rows.where("d.subscription", "=", subscription);
  if (cursor !== undefined) rows = rows.where("d.id", "<", cursor);
  const found = await rows.orderBy("d.id", "desc").limit(limit).execute();
  return found.map((row) => {
    const status = statusOf(row);
    const error = status === "DELIVERED" ? null : (row.death ?? row.failure ?? row.error);
    const ended = row.ended ?? row.died;
    return {
      name: row.id,
      subscription: row.subscription,
      eventType: row.type,
      eventID: row.event_id,
      source: row.source,
      status,
      attempts: Number(row.tried ?? row.attempts),
      ...(row.run === null ? {} : { run: row.run }),
      ...(error === null ? {} : { error }),
      ...(row.letter === null ? {} : { deadLetter: row.letter }),
      promisedTime: Number(row.promised),
      ...(ended === null ? {} : { endedTime: Number(ended) }),
    };
  });
}

interface Facts {
  readonly status: string;
  readonly run: string | null;
  readonly work: string | null;
  readonly failure: string | null;
}

/** What is neither work nor done could not be done. */
function statusOf({ status, run, work, failure }: Facts): NonNullable<DeliveryObject["status"]> {
  if (status === "DELIVERED" || status === "DROPPED") return status;
  if (work !== null) return failure !== null ? "RETRYING" : run === null ? "WAITING" : "RUNNING";
  return "DEAD";
}

/** What waits for a subscription: how many, since when, and for what the oldest waits. */
export async function backlogOfSubscription(
  database: Database,
  organization: string,
  subscriptionId: string,
): Promise<SubscriptionBacklog> {
  const work = openDeliveries(database, organization, subscriptionId);
  const [counted, oldest] = await Promise.all([
    work.select(({ fn }) => [fn.countAll<number>().as("jobs"), fn.min("born").as("born")]).executeTakeFirst(),
    database.query
      .selectFrom("deliveries")
      .select("error")
      .where("organization", "=", organization)
      .where("id", "in", work.select("id").orderBy("sequence").limit(1))
      .executeTakeFirst(),
  ]);
  const born = counted?.born;
  const reason = oldest?.error;
  return {
    waiting: Number(counted?.jobs ?? 0),
    ...(born === undefined || born === null ? {} : { oldestTime: Number(born) }),
    ...(reason === undefined || reason === null ? {} : { reason }),
  };
}
