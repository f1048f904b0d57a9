/** What every database driver must do. */
import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import type { RunTable } from "../../src/core/shared/database-schema.ts";
import { type Database, DuplicateError, StaleWriteError, type Statement } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";

const insert = statement((database, { key, value }: { key: string; value: string }) =>
  database.insertInto("settings").values({ organization: "o", key, value }),
);

const set = (key: string, value: string): Statement => insert({ key, value });

const change = statement(
  (database, { key, from, to }: { key: string; from: string; to: string }) =>
    database.updateTable("settings").set({ value: to }).where("key", "=", key).where("value", "=", from),
  "one",
);

const takeOne = statement((database, { from, to }: { from: string; to: string }) =>
  database
    .updateTable("settings")
    .set({ value: to })
    .where("key", "=", (query) =>
      query.selectFrom("settings").select("key").where("value", "=", from).orderBy("key").limit(1),
    )
    .where("value", "=", from)
    .returning(["key", "value"]),
);

const clock = statement((database, { key }: { key: string }) =>
  database
    .insertInto("settings")
    .values({ organization: "o", key, value: sql<string>`cast(now_ms() as text)` })
    .returning("value"),
);

const nowhere = statement((database) => database.deleteFrom("nowhere" as "settings"));

const insertRun = statement((database, { executed }: { executed: bigint }) =>
  database.insertInto("runs").values({
    ...{ organization: "o", id: "exact", function_name: "f", function_id: "i", faas_id: "r", status: "READY" },
    ...{ blocking: 1, executed, attempt: 1, depth: 0, principal: "p" },
  } as RunTable),
);

/** `open` gives the same database at every call, as a server that starts again would find it. */
export function databaseContract(name: string, open: () => Promise<Database>): void {
  describe(`${name} database`, () => {
    let database: Database | undefined;

    const opened = async (): Promise<Database> => {
      database ??= await open();
      return database;
    };

    afterEach(async () => {
      await database?.close();
      database = undefined;
    });

    const valuesOf = async (keys: readonly string[]): Promise<Record<string, string>> => {
      const { query } = await opened();
      const rows = await query.selectFrom("settings").selectAll().where("key", "in", keys).orderBy("key").execute();
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    };

    test("keeps what was committed, also after it was closed", async () => {
      await (await opened()).commit([set("kept", "1"), set("kept-too", "ä😀'\"\n\u0001")]);
      await database?.close();
      database = undefined;
      expect(await valuesOf(["kept", "kept-too"])).toEqual({ kept: "1", "kept-too": "ä😀'\"\n\u0001" });
    });

    test("takes a text with a zero byte, or with half of a character, and finds it by the same text", async () => {
      const { query, commit, take } = await opened();
      await commit([set("zero\0", "a\0b"), set("half\ud800", "\ud800")]);
      const found = async (key: string) =>
        (await query.selectFrom("settings").select("value").where("key", "=", key).execute()).map(({ value }) => value);
      expect(await found("zero\0")).toEqual(["a\0b"]);
      await commit([set("rare", "\u{10fffe}e\u{10fffe}\0")]);
      expect(await found("rare")).toEqual(["\u{10fffe}e\u{10fffe}\0"]);
      expect(await found("half\ud800")).toHaveLength(1);
      expect(await take(takeOne({ from: "a\0b", to: "\0" }))).toHaveLength(1);
      await commit([change({ key: "zero\0", from: "\0", to: "c" })]);
      expect(await found("zero\0")).toEqual(["c"]);
    });

    test("commits a unit whole or not at all", async () => {
      const { commit } = await opened();
      await commit([set("whole", "1")]);
      await expect(commit([set("half", "1"), set("whole", "2")])).rejects.toBeInstanceOf(DuplicateError);
      expect(await valuesOf(["half", "whole"])).toEqual({ whole: "1" });
    });

    test("refuses a unit that expects a row which is no longer so", async () => {
      const { commit } = await opened();
      await commit([set("raced", "a")]);
      const writers = await Promise.allSettled(
        [1, 2, 3].map((writer) => commit([change({ key: "raced", from: "a", to: `b${writer}` })])),
      );
      const lost = writers.filter((result) => result.status === "rejected");
      expect(lost.map(({ reason }) => reason instanceof StaleWriteError)).toEqual([true, true]);
      expect((await valuesOf(["raced"])).raced).toMatch(/^b[123]$/);
    });

    test("fails no other unit of the same moment along with a bad one", async () => {
      const { commit } = await opened();
      const keys = Array.from({ length: 50 }, (_, index) => (index % 10 === 0 ? "clash" : `good-${index}`));
      const results = await Promise.allSettled(keys.map((key) => commit([set(key, "1")])));
      expect(results.filter(({ status }) => status === "rejected")).toHaveLength(4);
      expect(Object.keys(await valuesOf(keys))).toHaveLength(46);
    });

    test("reads what was committed before the reading was asked for", async () => {
      const { commit } = await opened();
      for (let turn = 0; turn < 20; turn++) {
        await commit([set(`turn-${turn}`, "1")]);
        expect(await valuesOf([`turn-${turn}`])).toEqual({ [`turn-${turn}`]: "1" });
      }
    });

    test("gives each row to one taker, and nothing when there is none", async () => {
      const { commit, take } = await opened();
      await commit(["t1", "t2", "t3"].map((key) => set(key, "free")));
      const taken = await Promise.all([1, 2, 3, 4].map((taker) => take(takeOne({ from: "free", to: `by ${taker}` }))));
      const keys = taken.flat().map(({ key }) => key);
      expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
      expect(await take(takeOne({ from: "nobody", to: "x" }))).toEqual([]);
    });

    test("keeps what was taken", async () => {
      const { commit, take } = await opened();
      await commit([set("kept-taken", "waiting")]);
      expect(await take(takeOne({ from: "waiting", to: "taken" }))).toEqual([{ key: "kept-taken", value: "taken" }]);
      await database?.close();
      database = undefined;
      expect(await valuesOf(["kept-taken"])).toEqual({ "kept-taken": "taken" });
    });

    test("keeps what was taken in passing, and never what came after it alone", async () => {
      const { commit, take } = await opened();
      await commit([set("passing", "waiting")]);
      expect(await take(takeOne({ from: "waiting", to: "held" }), true)).toEqual([{ key: "passing", value: "held" }]);
      await expect(take(clock({ key: "passing" }), true)).rejects.toBeInstanceOf(DuplicateError);
      await commit([set("after-passing", "1")]);
      await database?.close();
      database = undefined;
      expect(await valuesOf(["passing", "after-passing"])).toEqual({ passing: "held", "after-passing": "1" });
    });

    test("fails a taking that breaks a unique key, and goes on", async () => {
      const { commit, take } = await opened();
      await commit([set("taken-twice", "1")]);
      await expect(take(clock({ key: "taken-twice" }))).rejects.toBeInstanceOf(DuplicateError);
      await commit([set("after-taking", "1")]);
    });

    test("has a clock of its own, in milliseconds", async () => {
      const { take } = await opened();
      const [row] = await take(clock({ key: "clock" }));
      expect(Math.abs(Number(row?.value) - Date.now())).toBeLessThan(60_000);
    });

    test("keeps 64-bit times of runs exact", async () => {
      const { commit, query } = await opened();
      const executed = 1_767_322_801_000_000_123n;
      await commit([insertRun({ executed })]);
      const row = await query.selectFrom("runs").select("executed").where("id", "=", "exact").executeTakeFirst();
      expect(row?.executed).toBe(executed);
    });

    test("says what is wrong with a statement, and goes on", async () => {
      const { commit } = await opened();
      await expect(commit([nowhere({})])).rejects.toThrow(/nowhere/);
      await commit([set("after", "1")]);
      expect(await valuesOf(["after"])).toEqual({ after: "1" });
    });
  });
}
