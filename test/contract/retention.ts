/** What the store forgets, and what it keeps, on every database. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { countDelivery } from "../../src/core/events/delivery-counts.ts";
import { ForgottenRuns } from "../../src/core/retention/forgotten-runs.ts";
import { Pace } from "../../src/core/retention/pace.ts";
import { type Bounds, Retention, type RetentionPorts } from "../../src/core/retention/retention.ts";
import { newRunId } from "../../src/core/runs/run-id.ts";
import { RunLists } from "../../src/core/runs/run-list.ts";
import { insertRun } from "../../src/core/runs/store.ts";
import type { Database, Statement } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";
import { enqueue } from "../../src/core/work/job.ts";
import { WorkQueue } from "../../src/core/work/queue.ts";
import { NotNowError } from "../../src/core/work/worker.ts";
import { record } from "./run-record.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const unbounded: Bounds = {
  runAge: 0,
  runsPerFunction: 0,
  runsPerOrganization: 0,
  letterAge: 0,
  eventAge: 0,
  auditAge: 0,
};
/** Its own test is in core/audit. */
const audit = { cut: async () => {} };
const never = new AbortController().signal;

const insertKey = statement((database, { key, created }: { key: string; created: number }) =>
  database
    .insertInto("idempotency")
    .values({ organization: "o", function_id: "f", key, run_id: "r", digest: null, created }),
);
const insertLetter = statement((database, { id, died }: { id: string; died: number }) =>
  database.insertInto("dead_letters").values({
    organization: "o",
    id,
    kind: "delivery",
    work_id: id,
    order_key: null,
    attempts: 1,
    max_attempts: 1,
    payload: "{}",
    error: "",
    died,
  }),
);
const insertEvent = statement((database, row: { organization: string; type: string; received: number }) =>
  database
    .insertInto("events")
    .values({ ...eventRow, organization: row.organization, type: row.type, received: row.received }),
);
const eventRow = { event: "{}", data: null, driver: null };
interface PromisedDelivery {
  readonly organization: string;
  readonly id: string;
  readonly promised: number;
}
const insertDelivery = statement((database, { organization, id, promised }: PromisedDelivery) =>
  database.insertInto("deliveries").values({
    ...{ organization, id, promised, subscription: "s", subscription_id: "s", type: "t", source: "", event_id: "" },
    ...{ status: "WAITING", attempts: 0, run: null, error: null, ended: null },
  }),
);
const insertSubscription = statement((database, { id }: { id: string }) =>
  database.insertInto("resources").values({
    ...{ organization: "o", kind: "Subscription", name: "s", id, generation: 1, born: 1, created: 1, modified: 1 },
    ...{ author: null, owner: null, description: null, document: "{}" },
  }),
);
const deleteSubscriptions = statement((database) => database.deleteFrom("resources"))({});
/** In their order, like those of deliveries. */
const idAt = (time: number): string => newRunId(BigInt(time) * 1_000_000n);
const clear = (["runs", "idempotency", "dead_letters", "work", "events", "deliveries", "delivery_counts"] as const).map(
  (table) => statement((database) => database.deleteFrom(table)),
);

/** `open` gives an empty database. */
export function retentionContract(name: string, open: () => Promise<Database>): void {
  describe(`retention on ${name}`, () => {
    let database: Database;
    let largest = 0;

    /** Counts how many rows each commit takes away. */
    const watched = (): Database => ({
      ...database,
      query: database.query,
      async commit(unit: readonly Statement[]) {
        const before = await count();
        await database.commit(unit);
        largest = Math.max(largest, before - (await count()));
      },
    });

    const sweep = (
      bounds: Partial<Bounds>,
      pace = new Pace(),
      kept: RetentionPorts["kept"] = () => undefined,
    ): Promise<void> =>
      new Retention({ database: watched(), pace, bounds: { ...unbounded, ...bounds }, kept, audit }).sweep(never);

    async function count(): Promise<number> {
      const counts = (["runs", "events", "deliveries"] as const).map(async (table) => {
        const rows = database.query.selectFrom(table).select(({ fn }) => fn.countAll<number>().as("rows"));
        return Number((await rows.executeTakeFirst())?.rows);
      });
      return (await Promise.all(counts)).reduce((sum, rows) => sum + rows, 0);
    }

    async function runsOf(organization: string): Promise<string[]> {
      const rows = await database.query
        .selectFrom("runs")
        .select("function_name")
        .where("organization", "=", organization)
        .orderBy("executed", "desc")
        .execute();
      return rows.map((row) => row.function_name);
    }

    /** Runs that began so many milliseconds ago. */
    function add(functionName: string, ages: readonly number[], fields: object = {}): Promise<void> {
      const units = ages.map((age) => {
        const executed = BigInt(Date.now() - age) * 1_000_000n;
        return database.commit(
          insertRun(record({ id: newRunId(executed), executed, functionName, functionId: functionName, ...fields })),
          true,
        );
      });
      return Promise.all(units).then(() => undefined);
    }

    const ages = (length: number, first = 0): number[] => Array.from({ length }, (_, at) => first + at * 1000);

    beforeAll(async () => {
      database = await open();
    });
    afterAll(() => database.close());

    beforeEach(async () => {
      await database.commit(clear.map((make) => make({})));
      largest = 0;
    });

    test("forgets runs that are too old, but none that has not ended", async () => {
      await add("old", ages(250, 2 * DAY_MS));
      await add("new", ages(5));
      await add("waiting", [3 * DAY_MS], { finished: undefined });
      await add("elsewhere", [2 * DAY_MS], { organization: "p" });
      await sweep({ runAge: DAY_MS });
      expect(await runsOf("o")).toEqual([...Array(5).fill("new"), "waiting"]);
      expect(await runsOf("p")).toEqual([]);
      expect(largest).toBeLessThanOrEqual(100);
    });

    test("keeps the newest of each function, and of each organization", async () => {
      await add("a", ages(130));
      await add("b", ages(20, 500));
      await sweep({ runsPerFunction: 25 });
      const kept = await runsOf("o");
      expect([kept.filter((of) => of === "a").length, kept.filter((of) => of === "b").length]).toEqual([25, 20]);
      await sweep({ runsPerFunction: 25, runsPerOrganization: 11 });
      expect(await runsOf("o")).toEqual(kept.slice(0, 11));
    });

    test("keeps less of a function or an organization that says so, and never more than of all", async () => {
      await add("a", ages(30));
      await add("b", ages(30, 500));
      await add("old", ages(30, DAY_MS / 2));
      await add("c", ages(30), { organization: "p" });
      const own: Readonly<Record<string, object>> = {
        a: { count: 7 },
        b: { count: 50 },
        old: { seconds: 3600 },
        p: { count: 3 },
      };
      await sweep(
        { runsPerFunction: 25 },
        new Pace(),
        ({ organization, functionName }) => own[functionName ?? organization],
      );
      const left = await runsOf("o");
      expect(["a", "b", "old"].map((name) => left.filter((of) => of === name).length)).toEqual([7, 25, 0]);
      expect(await runsOf("p")).toEqual(Array(3).fill("c"));
    });

    test("deletes few at a time where they are large", async () => {
      await add("large", ages(12, 2 * DAY_MS), { output: JSON.stringify("x".repeat(1_500_000)) });
      await sweep({ runAge: DAY_MS });
      expect([await count(), largest]).toEqual([0, 2]);
    });

    test("forgets keys after their day, and dead letters after their age", async () => {
      const now = Date.now();
      const seconds = Math.floor(now / 1000);
      await database.commit([
        insertKey({ key: "old", created: seconds - 90_000 }),
        insertKey({ key: "new", created: seconds - 80_000 }),
        insertLetter({ id: "old", died: now - 2 * DAY_MS }),
        insertLetter({ id: "new", died: now }),
      ]);
      await sweep({ letterAge: DAY_MS });
      const keys = await database.query.selectFrom("idempotency").select("key").execute();
      const letters = await database.query.selectFrom("dead_letters").select("id").execute();
      expect([keys, letters]).toEqual([[{ key: "new" }], [{ id: "new" }]]);
    });

    test("forgets events after their age, few at a time, wherever a clock that was set has put them", async () => {
      const old = Date.now() - 2 * DAY_MS;
      const events = (organization: string, type: string, received: readonly number[]) =>
        received.map((time) => insertEvent({ organization, type, received: time }));
      const before = Array.from({ length: 120 }, (_, at) => old + at);
      await database.commit([
        ...events("o", "ahead", Array(60).fill(Date.now() + 400 * DAY_MS)),
        ...events("o", "old", before),
        ...events("o", "new", [Date.now()]),
        ...events("o", "late", [old]),
        ...events("p", "old", before),
        ...events("p", "new", [Date.now()]),
      ]);
      await sweep({});
      expect(await count()).toBe(303);
      await sweep({ eventAge: DAY_MS });
      const left = await database.query
        .selectFrom("events")
        .select(["organization", "type"])
        .orderBy("sequence")
        .execute();
      expect(left.map(({ organization, type }) => `${organization} ${type}`)).toEqual([
        ...Array(60).fill("o ahead"),
        "o new",
        "p new",
      ]);
      expect(largest).toBe(50);
    });

    test("forgets deliveries after their age, few at a time, but none that is still to be done", async () => {
      const old = Date.now() - 2 * DAY_MS;
      const done = Array.from({ length: 1100 }, (_, at) => idAt(old + at));
      const waiting = [idAt(old - 1), idAt(old + 600), idAt(old + 5000)];
      const fresh = idAt(Date.now());
      const promise = (organization: string, ids: readonly string[], promised: number) =>
        ids.map((id) => insertDelivery({ organization, id, promised }));
      await database.commit([
        ...promise("o", [...done, ...waiting], old),
        ...promise("o", [fresh], Date.now()),
        ...promise("p", [...done.slice(0, 5), fresh], old),
        ...waiting.map((id) => enqueue({ organization: "o", kind: "delivery", id, payload: "{}", maxAttempts: 0 })),
        // Other work, or that of others, keeps nothing.
        enqueue({ organization: "o", kind: "run", id: String(done[0]), payload: "{}", maxAttempts: 0 }),
        enqueue({ organization: "p", kind: "delivery", id: String(done[9]), payload: "{}", maxAttempts: 0 }),
      ]);
      await sweep({ eventAge: DAY_MS });
      const left = await database.query.selectFrom("deliveries").select(["organization", "id"]).execute();
      const names = left.map(({ organization, id }) => `${organization} ${id}`);
      expect(names.toSorted()).toEqual([...waiting.map((id) => `o ${id}`), `o ${fresh}`, `p ${fresh}`].toSorted());
      expect(largest).toBeGreaterThan(400);
      expect(largest).toBeLessThanOrEqual(500);
      const jobs = await database.query.selectFrom("work").select("id").execute();
      expect(jobs).toHaveLength(5);
    });

    test("forgets the counters of subscriptions that are no more, and keeps the others exact", async () => {
      const ids = [idAt(1), idAt(2)];
      await database.commit([
        insertSubscription({ id: "s" }),
        ...ids.map((id) => insertDelivery({ organization: "o", id, promised: 1 })),
      ]);
      for (const server of ["one", "two"])
        for (const id of ids) await database.commit([countDelivery({ organization: "o", id, server })]);
      const delivered = async () =>
        (
          await database.query.selectFrom("delivery_counts").select(["server", "delivered"]).orderBy("server").execute()
        ).map((row) => [row.server, Number(row.delivered)]);
      await sweep({});
      expect(await delivered()).toEqual([
        ["one", 2],
        ["two", 2],
      ]);
      await database.commit([deleteSubscriptions]);
      await sweep({});
      expect(await delivered()).toEqual([]);
    });

    test("stops between two steps when the server does, and goes on later", async () => {
      await add("old", ages(350, 2 * DAY_MS));
      const pace = new Pace();
      const stopping = sweep({ runAge: DAY_MS }, pace);
      await expect.poll(count).toBeLessThan(350);
      pace.stop();
      await expect(stopping).rejects.toThrow(NotNowError);
      expect(await count()).toBeGreaterThan(0);
      await sweep({ runAge: DAY_MS });
      expect(await count()).toBe(0);
    });

    test("the runs of a deleted function are out of sight at once, and gone later, also after a restart", async () => {
      await add("gone", ages(250), { functionId: "before" });
      await add("gone", ages(3), { functionId: "after" });
      const ports = { database, pace: new Pace(), wake: () => {} };
      const function_ = { organization: "o", name: "gone", id: "before" };
      const before = new ForgottenRuns(ports);
      await database.commit([before.promise(function_)]);
      before.begin(function_);
      const lists = new RunLists(database, 1000, before.ids);
      expect((await lists.list("o", {})).length).toBe(3);
      const again = new ForgottenRuns(ports);
      await again.load();
      expect([...again.ids]).toEqual(["before"]);
      const queue = new WorkQueue({ database, owner: "me", log: { warn: () => {} } });
      await queue.prepare({ "forget-runs": again.perform });
      queue.open();
      await expect.poll(count, { timeout: 120_000 }).toBe(3);
      await expect.poll(() => again.ids.size, { timeout: 120_000 }).toBe(0);
      await queue.close();
    });
  });
}
