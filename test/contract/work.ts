/** What the queue must do on every database, with opponents: a second server, a dead one, poison, a clock that is set. */
import { sql } from "kysely";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Database, StaleWriteError } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";
import { claim, claimBehind, putRight, renewAll } from "../../src/core/work/claims.ts";
import {
  complete,
  enqueue,
  enqueueBegun,
  type HeldJob,
  type Job,
  LEASE_MS,
  renew,
  stepAside,
} from "../../src/core/work/job.ts";
import { kinds } from "../../src/core/work/kinds.ts";
import { type Workers, WorkQueue } from "../../src/core/work/queue.ts";
import { HopelessError, NotNowError } from "../../src/core/work/worker.ts";

const shift = statement((database, { by }: { by: number }) =>
  database.updateTable("work").set(({ eb }) => ({ due: eb("due", "+", by) })),
);

const takeAway = statement((database, { id }: { id: string }) =>
  database
    .updateTable("work")
    .set(({ eb }) => ({ owner: "other", fence: eb("fence", "+", 1) }))
    .where("id", "=", id),
);

type Begun = Parameters<typeof enqueueBegun>[0];

const note = statement((database, { key }: { key: string }) =>
  database.insertInto("settings").values({ organization: "work", key, value: "" }),
);

const clear = [
  statement((database) => database.deleteFrom("work")),
  statement((database) => database.deleteFrom("dead_letters")),
];

const job = (id: string, more: Partial<Job> = {}): Job => ({
  organization: "o",
  kind: "delivery",
  id,
  payload: "{}",
  maxAttempts: 3,
  ...more,
});

/** For slow machines. */
const PATIENT = { timeout: 120_000 };

const silent = { warn: () => {} };

/** `open` gives the same database at every call. */
export function workContract(name: string, open: () => Promise<Database>): void {
  describe(`work on ${name}`, () => {
    let database: Database;
    const queues: WorkQueue[] = [];

    const start = async (owner: string, workers: Workers): Promise<WorkQueue> => {
      const queue = new WorkQueue({ database, owner, log: silent });
      queues.push(queue);
      await queue.prepare(workers);
      queue.open();
      return queue;
    };

    const promise = (...jobs: readonly Job[]): Promise<void> => database.commit(jobs.map((one) => enqueue(one)));
    const rows = () => database.query.selectFrom("work").selectAll().orderBy("sequence").execute();
    const letters = () => database.query.selectFrom("dead_letters").selectAll().execute();
    const done = () => vi.waitFor(async () => expect(await rows()).toEqual([]), { timeout: 120_000 });

    const fresh = async (): Promise<void> => {
      database = await open();
      await database.commit(clear.map((make) => make({})));
    };

    afterEach(async () => {
      await Promise.all(queues.splice(0).map((queue) => queue.close()));
      await database.close();
    });

    test("is done once, in the unit that says so", async () => {
      await fresh();
      await promise(job("once"));
      await start("a", { delivery: async ({ id }) => [note({ key: `${name}-${id}` })] });
      await done();
      const notes = database.query.selectFrom("settings").selectAll().where("key", "=", `${name}-once`);
      expect(await notes.execute()).toHaveLength(1);
    });

    test("of a shared kind goes to the organization that has the fewest under way, then to the oldest", async () => {
      await fresh();
      const image = (organization: string, id: string) => job(id, { organization, kind: "image", maxAttempts: 0 });
      await promise(...["m1", "m2", "m3", "m4"].map((id) => image("many", id)), image("one", "o1"), image("two", "t1"));
      const taken = async (limit: number) =>
        (await claim(database, "image", "a", limit, kinds.image)).map(({ id }) => id);
      expect(await taken(1)).toEqual(["m1"]);
      expect([await taken(1), await taken(1), await taken(1)]).toEqual([["o1"], ["t1"], ["m2"]]);
      expect(await taken(1)).toEqual([]);
      expect((await claim(database, "image", "b", 9, kinds.image)).map(({ id }) => id)).toEqual(["m3", "m4"]);
    });

    test("of a shared kind leaves a place to other organizations, and goes on when one of its own ends", async () => {
      await fresh();
      const image = (organization: string, id: string) => job(id, { organization, kind: "image", maxAttempts: 0 });
      const begun: string[] = [];
      const ends = new Map<string, () => void>();
      await promise(...["m1", "m2", "m3"].map((id) => image("many", id)));
      const queue = await start("a", {
        image: ({ id }) => {
          begun.push(id);
          return new Promise((resolve) => ends.set(id, () => resolve([])));
        },
      });
      await vi.waitFor(() => expect(begun).toEqual(["m1", "m2"]), PATIENT);
      await promise(image("one", "o1"));
      queue.wake("image");
      await vi.waitFor(() => expect(begun).toEqual(["m1", "m2", "o1"]), PATIENT);
      ends.get("m1")?.();
      await vi.waitFor(() => expect(begun).toEqual(["m1", "m2", "o1", "m3"]), PATIENT);
      for (const end of ends.values()) end();
      await done();
    });

    test("waits for its time, and no longer", async () => {
      await fresh();
      const times: number[] = [];
      await database.commit([enqueue(job("later"), Date.now() + 700), enqueue(job("never"), Date.now() + 3_600_000)]);
      await start("a", {
        delivery: async () => {
          times.push(Date.now());
          return [];
        },
      });
      const before = Date.now();
      await vi.waitFor(() => expect(times).toHaveLength(1), { timeout: 5000 });
      expect(Number(times[0]) - before).toBeGreaterThan(300);
      await vi.waitFor(async () => expect((await rows()).map(({ id }) => id)).toEqual(["never"]));
    });

    test("is shared by two queues on one database, each job done by one of them", async () => {
      await fresh();
      const ids = Array.from({ length: 300 }, (_, at) => `j${at}`);
      await promise(...ids.map((id) => job(id)));
      const doneBy: Record<string, string[]> = { a: [], b: [] };
      const worker = (owner: string): Workers => ({
        delivery: async ({ id }) => {
          doneBy[owner]?.push(id);
          await new Promise((resolve) => setTimeout(resolve, 2));
          return [];
        },
      });
      await Promise.all([start("a", worker("a")), start("b", worker("b"))]);
      await done();
      expect([...(doneBy.a ?? []), ...(doneBy.b ?? [])].toSorted()).toEqual(ids.toSorted());
      expect(Math.min(doneBy.a?.length ?? 0, doneBy.b?.length ?? 0)).toBeGreaterThan(0);
    });

    test("of a holder who died is done by another when the lease has run out, and the dead one's end fails", async () => {
      await fresh();
      await promise(job("orphan"));
      const [orphan] = (await claim(database, "delivery", "dead", 10)) as [HeldJob];
      const seen: number[] = [];
      await start("b", {
        delivery: async ({ attempt }) => {
          seen.push(attempt);
          return [];
        },
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(seen).toEqual([]);
      await database.commit([shift({ by: -LEASE_MS - 1 })]);
      queues[0]?.wake("delivery");
      await done();
      expect(seen).toEqual([2]);
      await expect(database.commit(complete(orphan))).rejects.toBeInstanceOf(StaleWriteError);
      await expect(database.commit([renew(orphan)])).rejects.toBeInstanceOf(StaleWriteError);
    });

    test("of a server is renewed all together, and what is not its own any more is told", async () => {
      await fresh();
      await promise(job("kept"), job("taken"), job("ended"));
      const held = await claim(database, "delivery", "me", 9);
      const [kept, , ended] = held;
      if (kept === undefined || ended === undefined) throw new Error("three are there");
      await database.commit([...complete(ended), takeAway({ id: "taken" }), shift({ by: -20_000 })]);
      const before = await rows();
      const lost = await renewAll(database, "delivery", "me", held);
      expect(lost.map(({ id }) => id)).toEqual(["taken", "ended"]);
      const after = await rows();
      expect(after.map(({ id }) => id)).toEqual(["kept", "taken"]);
      expect(Number(after[0]?.due)).toBeGreaterThanOrEqual(Number(before[0]?.due) + 20_000);
      expect(after[1]?.due).toBe(before[1]?.due);
      await database.commit([renew(kept)]);
    });

    test("that begins with its promise does so only where no older one waits in its order", async () => {
      await fresh();
      const begun = (id: string) => enqueueBegun(job(id, { orderKey: `order/${id}` }) as Begun, "me", "order");
      await database.commit([begun("first"), enqueue(job("second", { orderKey: "order" }))]);
      await expect(database.commit([note({ key: "third" }), begun("third")])).rejects.toBeInstanceOf(StaleWriteError);
      const found = (await rows()).map(({ id, owner, behind, attempts }) => [
        id,
        owner,
        Number(behind),
        Number(attempts),
      ]);
      expect(found).toEqual([
        ["first", "me", 0, 1],
        ["second", "", 0, 0],
      ]);
      expect((await claim(database, "delivery", "other", 9)).map(({ id }) => id)).toEqual(["second"]);
    });

    test("of this server before it died is done at its next start, without waiting for a lease", async () => {
      await fresh();
      await promise(job("mine"));
      await claim(database, "delivery", "me", 10);
      await start("me", { delivery: async () => [] });
      await done();
    });

    test("is not held for ever when the clock is set back after its holder died", async () => {
      await fresh();
      await promise(job("lost"));
      await claim(database, "delivery", "dead", 10);
      await database.commit([enqueue(job("planned"), Date.now() + 7_200_000), shift({ by: 3_600_000 })]);
      await putRight(database, "delivery", kinds.delivery.longestPause);
      await start("b", { delivery: async () => [] });
      await vi.waitFor(async () => expect((await rows()).map(({ id }) => id)).toEqual(["planned"]));
    });

    test("with the same order key is done one after the other, also when one of them has to be repeated", async () => {
      await fresh();
      const order: string[] = [];
      const ids = ["k1", "k2", "k3", "k4"];
      await promise(...ids.map((id) => job(id, { orderKey: "k" })), job("other"));
      await start("a", {
        delivery: async ({ id, attempt }) => {
          order.push(id);
          await new Promise((resolve) => setTimeout(resolve, 20));
          if (id === "k2" && attempt === 1) throw new Error("not yet");
          return [];
        },
      });
      await done();
      expect(order.filter((id) => id !== "other")).toEqual(["k1", "k2", "k2", "k3", "k4"]);
      expect(order.indexOf("other")).toBeLessThan(3);
    });

    test("behind another may be begun together with it, in its order; what is put back stands behind again", async () => {
      await fresh();
      const order: string[] = [];
      await promise(...["k1", "k2", "k3", "k4"].map((id) => job(id, { orderKey: "k" })));
      let together: string[] | undefined;
      await start("a", {
        delivery: async (one, _signal, place) => {
          order.push(one.id);
          if (together !== undefined) return [];
          const others = await place.takeBehind(2);
          together = others.map(({ id }) => id);
          for (const other of others)
            place.also(other, async () => {
              order.push(other.id);
              if (other.id === "k2") throw new NotNowError(1);
              return [];
            });
          await vi.waitFor(async () => {
            const left = (await rows()).map(({ id, behind, owner }) => [id, behind, owner]);
            expect(left).toEqual([
              ["k1", 0, "a"],
              ["k2", 1, ""],
              ["k4", 1, ""],
            ]);
          }, PATIENT);
          return [];
        },
      });
      await done();
      expect(together).toEqual(["k2", "k3"]);
      expect(order).toEqual(["k1", "k2", "k3", "k2", "k4"]);
    });

    test("that gives up its place has nobody look at the queue, and one that has left its order does at once", async () => {
      await fresh();
      const looks = vi.spyOn(database, "take");
      const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
      const order: string[] = [];
      let looked: number[] = [];
      await promise(...["k1", "k2"].map((id) => job(id, { orderKey: "k" })));
      await start("a", {
        delivery: async (one, _signal, place) => {
          order.push(one.id);
          if (one.id === "k2") return [];
          await pause();
          looked = [looks.mock.calls.length];
          place.free();
          await pause();
          looked.push(looks.mock.calls.length);
          await database.commit(stepAside(one, "k/k1", "{}", true));
          place.pass();
          await vi.waitFor(() => expect(order).toEqual(["k1", "k2"]), PATIENT);
          return [];
        },
      });
      await done();
      expect(looked[1]).toBe(looked[0]);
    });

    test("behind one that was taken along goes on at once when that can never be done", async () => {
      await fresh();
      await promise(...["k1", "k2", "k3"].map((id) => job(id, { orderKey: "k" })));
      // Nobody looks because time has passed.
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      onTestFinished(() => void vi.useRealTimers());
      const third = Promise.withResolvers<void>();
      await start("a", {
        delivery: async (one, _signal, place) => {
          if (one.id === "k3") third.resolve();
          if (one.id !== "k1") return [];
          const [second] = await place.takeBehind(1);
          if (second !== undefined)
            place.also(second, async () => {
              while ((await rows()).some(({ id }) => id === "k1"))
                await new Promise((resolve) => setImmediate(resolve));
              throw new HopelessError("it is malformed");
            });
          return [];
        },
      });
      await third.promise;
      expect((await letters()).map(({ work_id }) => work_id)).toEqual(["k2"]);
      vi.useRealTimers();
      await done();
    });

    test("that was taken together when a server died is done one after the other at its next start", async () => {
      await fresh();
      await promise(...["k1", "k2", "k3"].map((id) => job(id, { orderKey: "k" })));
      const [front] = await claim(database, "delivery", "a", 9);
      const stranger = { ...front, fence: -1 } as HeldJob;
      expect(await claimBehind(database, stranger, "b", 9)).toEqual([]);
      expect(await claimBehind(database, front as HeldJob, "a", 9)).toHaveLength(2);
      const order: string[] = [];
      let going = 0;
      await start("a", {
        delivery: async ({ id }) => {
          order.push(id);
          going++;
          await database.query.selectFrom("work").select("id").execute();
          expect(going--).toBe(1);
          return [];
        },
      });
      await done();
      expect(order).toEqual(["k1", "k2", "k3"]);
    });

    test("that can never be done becomes a dead letter, and those behind it go on", async () => {
      await fresh();
      const order: string[] = [];
      await promise(
        job("bad", { orderKey: "k", maxAttempts: 2 }),
        job("hopeless", { orderKey: "k" }),
        job("good", { orderKey: "k" }),
      );
      await start("a", {
        delivery: async ({ id, attempt }) => {
          order.push(`${id} ${attempt}`);
          if (id === "bad") throw new Error(`attempt ${attempt} failed`);
          if (id === "hopeless") throw new HopelessError("it is malformed");
          return [];
        },
      });
      await done();
      expect(order).toEqual(["bad 1", "bad 2", "hopeless 1", "good 1"]);
      const dead = (await letters()).map(({ work_id, attempts, error }) => ({ work_id, attempts, error }));
      expect(dead).toContainEqual({ work_id: "bad", attempts: 2, error: "attempt 2 failed" });
      expect(dead).toContainEqual({ work_id: "hopeless", attempts: 1, error: "it is malformed" });
    });

    test("that kills whoever does it becomes a dead letter, too", async () => {
      await fresh();
      await promise(job("poison", { maxAttempts: 2 }));
      for (const owner of ["x", "y"]) {
        await claim(database, "delivery", owner, 10);
        await database.commit([shift({ by: -LEASE_MS - 1 })]);
      }
      const performed: string[] = [];
      await start("z", {
        delivery: async ({ id }) => {
          performed.push(id);
          return [];
        },
      });
      await done();
      expect(performed).toEqual([]);
      expect(await letters()).toMatchObject([{ work_id: "poison", error: "2 servers died while they did it" }]);
    });

    test("for which there is no room is put back, and that is no attempt", async () => {
      await fresh();
      await promise(job("patient", { maxAttempts: 1 }));
      let refusals = 3;
      await start("a", {
        delivery: async () => {
          if (refusals-- > 0) throw new NotNowError(20);
          return [];
        },
      });
      await done();
      expect(await letters()).toEqual([]);
    });

    test("is in order again after two servers crossed: what nobody is ahead of is not behind", async () => {
      await fresh();
      await promise(job("k1", { orderKey: "k" }), job("k2", { orderKey: "k" }));
      await database.commit([statement((query) => query.deleteFrom("work").where("id", "=", "k1"))({})]);
      expect(await claim(database, "delivery", "a", 10)).toEqual([]);
      await putRight(database, "delivery", 1000);
      expect(await claim(database, "delivery", "a", 10)).toMatchObject([{ id: "k2" }]);
    });

    test("behind a long order costs nothing", async () => {
      await fresh();
      const fill = statement((query) =>
        query
          .insertInto("work")
          .columns([
            "organization",
            "kind",
            "id",
            "order_key",
            "behind",
            "due",
            "attempts",
            "max_attempts",
            "payload",
            "owner",
            "fence",
          ])
          .expression(
            sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000)
              select 'o', 'delivery', 'x' || i, 'long', case when i = 1 then 0 else 1 end, 0, 0, 0, '{}', '', 0 from n`,
          ),
      );
      await database.commit([fill({})]);
      expect(await claim(database, "delivery", "a", 10)).toHaveLength(1);
      await promise(job("free"));
      const before = performance.now();
      for (let turn = 0; turn < 20; turn++) await claim(database, "delivery", "b", 10);
      expect((performance.now() - before) / 20).toBeLessThan(25);
    });
  });
}
