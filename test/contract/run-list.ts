/** What lists of runs promise on every database. */
import { beforeAll, describe, expect, test } from "vitest";
import { newRunId } from "../../src/core/runs/run-id.ts";
import { type RunList, RunLists, type RunSelection } from "../../src/core/runs/run-list.ts";
import { finishRun, insertRun, repeatRun, startRun } from "../../src/core/runs/store.ts";
import type { Database } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";
import { record } from "./run-record.ts";

const MOST = 100;
/** So that lists lead over several of the ranges in which they are looked through. */
const COUNT = 2600;
/** The first of them; each of the others a second later. */
const BEGIN = 1_700_000_000n;
const timeOf = (at: number): bigint => (BEGIN + BigInt(at)) * 1_000_000_000n;

const forget = statement((database, { id }: { id: string }) => database.deleteFrom("runs").where("id", "=", id));

async function idsOf(list: RunList): Promise<string[]> {
  const ids: string[] = [];
  for await (const part of list.parts()) ids.push(...part.map(({ id }) => id));
  return ids;
}

/** `open` gives an empty database. */
export function runListContract(name: string, open: () => Promise<Database>): void {
  describe(`lists of runs on ${name}`, () => {
    let database: Database;
    let lists: RunLists;
    const ids: string[] = [];
    /** Those of another organization that have not ended. */
    const waits: string[] = [];
    const written: Promise<void>[] = [];

    beforeAll(async () => {
      database = await open();
      lists = new RunLists(database, MOST);
      for (let at = 0; at < COUNT; at++) {
        // Twenty have the same time as the one before them.
        const executed = timeOf(at % 35 === 34 ? at - 1 : at);
        const id = newRunId(executed);
        ids.push(id);
        const status = at % 300 === 7 ? "ERROR" : "READY";
        const functionName = at % 2 === 0 ? "even" : "odd";
        // One lasted until long after all others.
        const finished = at === 3 ? timeOf(COUNT + 1000) : executed;
        const parent = at > 500 && at % 50 === 0 ? ids[500] : undefined;
        const principal =
          at % 1300 === 5 ? "service-account:o/ann" : at % 2 === 0 ? "endpoint:echo" : "endpoint:echoes";
        const people = at % 900 === 11 ? ["service-account:o/bob", "service-account:o/ann"] : null;
        const input = at % 1000 === 9 ? '{"text":"make VMtest_01"}' : '{"text":"vmtestX01"}';
        const fields = { id, executed, finished, status, functionName, parent, principal, people, input } as const;
        written.push(database.commit(insertRun(record(fields)), true));
        if (written.length === 100) await Promise.all(written.splice(0));
      }
      const waiting = { status: "INITIALIZED", finished: undefined, functionName: "waits" } as const;
      for (const at of [20, 2000]) {
        const id = newRunId(timeOf(at) + 1n);
        waits.push(id);
        await database.commit(insertRun(record({ organization: "waits", id, executed: timeOf(at) + 1n, ...waiting })));
        await database.commit(
          insertRun(record({ organization: "waits", id: newRunId(timeOf(at)), executed: timeOf(at) })),
        );
      }
    });

    /** All pages of a selection. */
    async function allOf(selection: RunSelection, of: RunLists = lists, organization = "o"): Promise<string[]> {
      const found: string[] = [];
      let list = await of.list(organization, selection);
      for (;;) {
        found.push(...(await idsOf(list)));
        if (list.next === undefined) return found;
        list = await of.list(organization, { ...selection, cursor: list.next });
      }
    }

    const newestFirst = (wanted: (at: number) => boolean): string[] =>
      ids
        .filter((_, at) => wanted(at))
        .toSorted()
        .toReversed();

    test("leave no changes, which servers would have to pass over", async () => {
      const before = await database.query.selectFrom("changes").selectAll().execute();
      const executed = timeOf(0);
      const id = newRunId(executed);
      const run = record({ organization: "steps", id, executed, status: "INITIALIZED", finished: undefined });
      await database.commit([...insertRun(run), ...startRun(run), ...repeatRun(run)]);
      await database.commit(finishRun({ ...run, status: "READY", finished: executed + 1n }));
      expect(await database.query.selectFrom("changes").selectAll().execute()).toEqual(before);
      expect(await allOf({}, lists, "steps")).toEqual([id]);
    });

    test("end at the most that one may have, and say where they go on", async () => {
      const first = await lists.list("o", {});
      expect([first.length, (await idsOf(first)).length]).toEqual([MOST, MOST]);
      expect((await allOf({})).toSorted()).toEqual(ids.toSorted());
    });

    test.each([1, 7, 99])("give every run once, newest first, in pages of %i", async (limit) => {
      const found = await allOf({ limit, until: Number(BEGIN) + 120 });
      const times = found.map((id) => id.slice(0, 13));
      expect(times).toEqual(times.toSorted().toReversed());
      expect(found.toSorted()).toEqual(ids.slice(0, 120).toSorted());
    });

    test("find rare ones behind many others", async () => {
      expect(await allOf({ status: "ERROR" })).toEqual(newestFirst((at) => at % 300 === 7));
      expect(await allOf({ family: ids[500] })).toEqual(newestFirst((at) => at >= 500 && at % 50 === 0));
      expect((await allOf({ functionName: "odd" })).length).toBe(COUNT / 2);
      expect(await allOf({ functionName: "nobody" })).toEqual([]);
    });

    test("find whoever asked, what asked, and words, and say where they stopped to look", async () => {
      const ann = newestFirst((at) => at % 1300 === 5 || at % 900 === 11);
      for (const user of ["ann", "o/ann", "service-account:o/ann"]) expect(await allOf({ user })).toEqual(ann);
      for (const user of ["an", "nn", "ANN", "%", "service-account:o/ann administrator:administrator"])
        expect(await allOf({ user })).toEqual([]);
      expect((await allOf({ user: "administrator", limit: 100 })).length).toBe(COUNT - 3);
      expect((await allOf({ trigger: "endpoint" })).length).toBe(COUNT - 2);
      expect((await allOf({ trigger: "endpoint:echo" })).length).toBe(COUNT / 2);
      expect(await allOf({ trigger: "endpoint:ech" })).toEqual([]);
      expect(await allOf({ text: "vmtest_01" })).toEqual(newestFirst((at) => at % 1000 === 9));
      expect(await allOf({ text: "vmtest_01", user: "ann", status: "ERROR" })).toEqual([]);
      const hasty = new RunLists(database, MOST, new Set(), 1000);
      const first = await hasty.list("o", { user: "nobody" });
      expect([first.length, first.next === undefined]).toEqual([0, false]);
      expect(await allOf({ user: "ann", limit: 1 }, hasty)).toEqual(ann);
    });

    test("find those that have not ended", async () => {
      const list = await lists.list("waits", { status: "INITIALIZED" });
      expect(await idsOf(list)).toEqual(waits.toReversed());
      expect((await lists.list("waits", { status: "CREATING" })).length).toBe(0);
      expect(await idsOf(await lists.list("waits", { functionName: "waits", limit: 1 }))).toEqual(waits.slice(1));
    });

    test("leave out what belongs to functions that are being deleted", async () => {
      const hiding = new RunLists(database, MOST, new Set(["function-id", "other", "third"]));
      expect(await allOf({}, hiding)).toEqual([]);
    });

    test("are long where they may be, and whole", async () => {
      const long = new RunLists(database, COUNT - 300);
      const first = await long.list("o", {});
      expect([first.length, (await idsOf(first)).length]).toEqual([COUNT - 300, COUNT - 300]);
      expect((await allOf({}, long)).toSorted()).toEqual(ids.toSorted());
      expect((await allOf({ functionName: "even" }, long)).length).toBe(COUNT / 2);
    });

    test("know what has changed since, also what began long before", async () => {
      const since = Number(BEGIN) + COUNT - 10;
      expect(await allOf({ since })).toEqual(newestFirst((at) => at > COUNT - 10 || at === 3));
    });

    test("go on where a run was that is gone", async () => {
      const first = await lists.list("o", { limit: 10 });
      const gone = first.next;
      if (gone === undefined) throw new Error("there must be more");
      const before = await idsOf(await lists.list("o", { limit: 10, cursor: gone }));
      await database.commit([forget({ id: gone.id })]);
      expect(await idsOf(await lists.list("o", { limit: 10, cursor: gone }))).toEqual(before);
      await database.commit(insertRun(record({ id: gone.id, executed: gone.executed })));
    });

    test("leave out what is deleted while they are read", async () => {
      const list = await lists.list("o", { limit: MOST });
      const [id = ""] = ids.slice(-40);
      const executed = timeOf(COUNT - 40);
      await database.commit([forget({ id })]);
      expect((await idsOf(list)).length).toBe(MOST - 1);
      await database.commit(insertRun(record({ id, executed, finished: executed })));
    });

    test("have small ones and large ones side by side, whole and in their order", async () => {
      const outputs = Array.from({ length: 9 }, (_, at) => JSON.stringify("x".repeat(at % 3 === 1 ? 10_000 : 10)));
      for (const [at, output] of outputs.entries()) {
        const executed = timeOf(at);
        const times = { id: newRunId(executed), executed, finished: executed };
        await database.commit(insertRun(record({ organization: "mixed", ...times, output })));
      }
      const found: (string | undefined)[] = [];
      for await (const part of (await lists.list("mixed", { limit: 8 })).parts())
        found.push(...part.map(({ output }) => output));
      expect(found).toEqual(outputs.toReversed().slice(0, 8));
    });

    test("end before 64 MB, however large the runs are, and read one large one at a time", async () => {
      const output = JSON.stringify("x".repeat(5_000_000));
      for (let at = 0; at < 15; at++) {
        const executed = timeOf(at);
        await database.commit(
          insertRun(record({ organization: "large", id: newRunId(executed), executed, finished: executed, output })),
        );
      }
      const list = await lists.list("large", {});
      expect([list.length, list.next === undefined]).toEqual([13, false]);
      const sizes: number[] = [];
      for await (const part of list.parts()) sizes.push(part.length);
      expect(sizes).toEqual(Array(13).fill(1));
      const rest = await lists.list("large", { cursor: list.next });
      expect([rest.length, rest.next]).toEqual([2, undefined]);
    });
  });
}
