/** Taking jobs, and freeing those that a dead server or a clock that was set left behind. */
import { type Kysely, PostgresAdapter, sql } from "kysely";
import type { DatabaseSchema, WorkTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";
import {
  behindOlder,
  type HeldJob,
  type Hold,
  held,
  inOrder,
  type JobName,
  LEASE_MS,
  now,
  type OrderKey,
} from "./job.ts";
import type { WorkKind } from "./kinds.ts";

/**
 * What a crash that takes this server along undoes of a claim or a lease is what the next start would undo: it frees all that
 * the dead one had, see `release`. Whatever a taker commits is committed after its claim.
 */
const PASSING = true;

interface Claim {
  readonly kind: string;
  readonly owner: string;
  readonly lease: number;
  readonly limit: number;
  /** Of one organization; where nobody shares it says nothing. */
  readonly mostOfOne: number;
  /** 1 where taking a job counts as an attempt, else 0. */
  readonly counted: number;
}

type Claiming = Kysely<DatabaseSchema>;

const columns = [
  "sequence",
  "organization",
  "kind",
  "id",
  "order_key",
  "attempts",
  "max_attempts",
  "payload",
  "fence",
  "error",
] as const;

function oldestFirst(database: Claiming, { kind, owner, limit }: Claim) {
  return (
    database
      .selectFrom("work")
      .select("work.sequence")
      .where("work.kind", "=", kind)
      .where("work.behind", "=", 0)
      .where("work.due", "<=", now)
      // Its own it knows, whatever a clock or a slow disk did to the leases.
      .where("work.owner", "<>", owner)
      .orderBy("work.due")
      .orderBy("work.sequence")
      .limit(limit)
  );
}

/** Of organizations that have equally many under way the oldest job; none of those that have here as many as they may. */
function fewestFirst(database: Claiming, claim: Claim) {
  const going = database
    .selectFrom("work")
    .select(({ fn }) => ["organization as who", fn.countAll<number>().as("jobs")])
    .where("kind", "=", claim.kind)
    .where("behind", "=", 0)
    .where("owner", "<>", "")
    .groupBy("organization")
    .as("going");
  const full = database
    .selectFrom("work")
    .select("organization")
    .where("kind", "=", claim.kind)
    .where("behind", "=", 0)
    .where("owner", "=", claim.owner)
    .groupBy("organization")
    .having(({ fn }) => fn.countAll(), ">=", claim.mostOfOne);
  return oldestFirst(database, claim)
    .where("work.organization", "not in", full)
    .leftJoin(going, "going.who", "work.organization")
    .clearOrderBy()
    .orderBy(({ fn, val }) => fn.coalesce("going.jobs", val(0)))
    .orderBy("work.due")
    .orderBy("work.sequence");
}

/** What changes in the row of a job that is taken. */
function taken({ owner, lease, counted }: Pick<Claim, "owner" | "lease" | "counted">) {
  return {
    owner,
    due: sql<number>`${now} + ${lease}`,
    attempts: sql<number>`attempts + ${counted}`,
    fence: sql<number>`fence + 1`,
  };
}

/** Where several servers share a database, one passes over what another is just taking. SQLite has one writer. */
const claiming =
  (choice: (database: Claiming, claim: Claim) => ReturnType<typeof oldestFirst>) =>
  (database: Claiming, claim: Claim) => {
    const due = choice(database, claim);
    const manyWriters = database.getExecutor().adapter instanceof PostgresAdapter;
    return database
      .with("due", () => (manyWriters ? due.forUpdate("work").skipLocked() : due))
      .updateTable("work")
      .set(taken(claim))
      .where("sequence", "in", (query) => query.selectFrom("due").select("sequence"))
      .returning(columns);
  };

const claimOldest = statement(claiming(oldestFirst));
const claimShared = statement(claiming(fewestFirst));

/**
 * Takes up to `limit` jobs that are due; `rules` say in which order, and whether that is an attempt. Those of one
 * organization are counted before the claim: where that matters they are taken one by one.
 */
export async function claim(
  database: Database,
  kind: string,
  owner: string,
  limit: number,
  { countsItself, mostOfOne }: Pick<WorkKind, "countsItself" | "mostOfOne"> = {},
): Promise<HeldJob[]> {
  const claimJobs = mostOfOne === undefined ? claimOldest : claimShared;
  const counted = countsItself === true ? 0 : 1;
  const claiming = { kind, owner, lease: LEASE_MS, limit, mostOfOne: mostOfOne ?? 0, counted };
  return heldJobs(await database.take(claimJobs(claiming), PASSING));
}

type ClaimBehind = Hold & OrderKey & Omit<Claim, "kind" | "mostOfOne">;

/** While the front of an order is held nobody else takes what stands behind it. */
const claimFollowers = statement((database: Claiming, claim: ClaimBehind) => {
  const front = database.selectFrom("work").select("work.id").where(held(claim));
  const followers = database
    .selectFrom("work")
    .select("work.sequence")
    .where(inOrder(claim))
    .where("work.behind", "=", 1)
    .where(({ exists }) => exists(front))
    .orderBy("work.sequence")
    .limit(claim.limit);
  return database
    .updateTable("work")
    .set({ ...taken(claim), behind: 0 })
    .where("sequence", "in", followers)
    .returning(columns);
});

/**
 * Takes up to `limit` of those that stand behind a held job in its order, in that order, for whoever may begin them together
 * with it: it is for the taker to keep the order. What is put back unbegun stands behind again.
 */
export async function claimBehind(
  database: Database,
  { organization, kind, id, fence, orderKey }: HeldJob,
  owner: string,
  limit: number,
  { countsItself }: Pick<WorkKind, "countsItself"> = {},
): Promise<HeldJob[]> {
  if (orderKey === undefined || limit <= 0) return [];
  const front = { organization, kind, id, fence, order_key: orderKey };
  const counted = countsItself === true ? 0 : 1;
  return heldJobs(await database.take(claimFollowers({ ...front, owner, lease: LEASE_MS, limit, counted }), PASSING));
}

type TakenRow = Pick<WorkTable, (typeof columns)[number]>;

/** In the order in which they were promised. */
function heldJobs(rows: readonly TakenRow[]): HeldJob[] {
  return rows.toSorted((one, other) => one.sequence - other.sequence).map(heldJob);
}

function heldJob(row: TakenRow): HeldJob {
  return {
    organization: row.organization,
    kind: row.kind,
    id: row.id,
    orderKey: row.order_key ?? undefined,
    payload: row.payload,
    maxAttempts: row.max_attempts,
    fence: row.fence,
    attempt: row.attempts,
    error: row.error ?? undefined,
  };
}

interface Renewal {
  readonly kind: string;
  readonly owner: string;
  readonly lease: number;
}

/** All that a server has of a kind. What is just being written need not be waited for. */
const renewOwn = statement((database: Claiming, { kind, owner, lease }: Renewal) => {
  const own = database
    .selectFrom("work")
    .select("work.sequence")
    .where("work.kind", "=", kind)
    .where("work.behind", "=", 0)
    .where("work.owner", "=", owner);
  const manyWriters = database.getExecutor().adapter instanceof PostgresAdapter;
  return database
    .with("own", () => (manyWriters ? own.forUpdate("work").skipLocked() : own))
    .updateTable("work")
    .set({ due: sql<number>`${now} + ${lease}` })
    .where("sequence", "in", (query) => query.selectFrom("own").select("sequence"))
    .returning(["organization", "id", "fence"]);
});

const renewHeld = statement((database: Claiming, hold: Hold & { lease: number }) =>
  database
    .updateTable("work")
    .set({ due: sql<number>`${now} + ${hold.lease}` })
    .where(held(hold))
    .returning("id"),
);

/** Keeps the leases of these jobs of a kind: by one statement for nearly all. Returns those that are not this server's any more, or have ended. */
export async function renewAll(
  database: Database,
  kind: string,
  owner: string,
  jobs: readonly HeldJob[],
): Promise<HeldJob[]> {
  const rows = await database.take(renewOwn({ kind, owner, lease: LEASE_MS }), PASSING);
  const renewed = new Set(
    rows.map(({ organization, id, fence }) => nameOf({ organization, id, fence: Number(fence) })),
  );
  const lost: HeldJob[] = [];
  for (const job of jobs) if (!renewed.has(nameOf(job)) && !(await renewOne(database, job))) lost.push(job);
  return lost;
}

function nameOf({ organization, id, fence }: Pick<Hold, "organization" | "id" | "fence">): string {
  return `${organization} ${id} ${fence}`;
}

async function renewOne(database: Database, { organization, kind, id, fence }: HeldJob): Promise<boolean> {
  return (await database.take(renewHeld({ organization, kind, id, fence, lease: LEASE_MS }), PASSING)).length > 0;
}

/** Whether it is still to be done, or under way. */
export async function isWork({ query }: Database, { organization, kind, id }: JobName): Promise<boolean> {
  const row = query.selectFrom("work").select("id").where("organization", "=", organization);
  return (await row.where("kind", "=", kind).where("id", "=", id).executeTakeFirst()) !== undefined;
}

const earliest = statement((database: Claiming, { kind }: { kind: string }) =>
  database
    .selectFrom("work")
    .select(["due", now.as("now")])
    .where("kind", "=", kind)
    .where("behind", "=", 0)
    .orderBy("due")
    .limit(1),
);

/** Milliseconds until the next job of a kind is due; undefined when there is none. */
export async function nextDue(database: Database, kind: string): Promise<number | undefined> {
  const [first] = await database.take(earliest({ kind }));
  return first === undefined ? undefined : Math.max(0, Number(first.due) - Number(first.now));
}

const releaseOwn = statement((database, { owner }: { owner: string }) =>
  database.updateTable("work").set({ owner: "", due: 0, behind: behindOlder }).where("owner", "=", owner),
);

/** What this server had when it died is free again at once; what others have is free when their leases have run out. */
export function release(database: Database, owner: string): Promise<void> {
  return database.commit([releaseOwn({ owner })]);
}

/** Frees the oldest job of each order key. */
const unblock = statement((database, { kind }: { kind: string }) =>
  database
    .updateTable("work")
    .set({ behind: 0 })
    .where("behind", "=", 1)
    .where("sequence", "in", (query) =>
      query
        .selectFrom("work")
        .select(({ fn }) => fn.min("sequence").as("first"))
        .where("kind", "=", kind)
        .where("order_key", "is not", null)
        .groupBy(["organization", "order_key"]),
    ),
);

/** The clock was set back: no lease is that long, and no pause between attempts. */
const recall = statement((database, { kind, lease, pause }: { kind: string; lease: number; pause: number }) =>
  database
    .updateTable("work")
    .set({ due: 0 })
    .where("kind", "=", kind)
    .where("behind", "=", 0)
    .where("due", ">", sql<number>`${now} + ${lease}`)
    .where(({ eb, or, and }) =>
      or([
        eb("owner", "<>", ""),
        // Only jobs that wait for another attempt: a job that was promised for later has no failure yet.
        and([
          or([eb("attempts", ">", 0), eb("error", "is not", null)]),
          eb("due", ">", sql<number>`${now} + ${pause}`),
        ]),
      ]),
    ),
);

/** Puts right what nobody else would: see `recall`, and two servers that end and promise jobs of one order at once. */
export function putRight(database: Database, kind: string, longestPause: number): Promise<void> {
  return database.commit([unblock({ kind }), recall({ kind, lease: LEASE_MS, pause: longestPause })]);
}
