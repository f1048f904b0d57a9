/** What every database driver must do. */
import { afterEach, describe, expect, test } from "vitest";
import { type Database, DuplicateError, StaleWriteError, type Statement } from "../../src/core/shared/ports.ts";

const set = (key: string, value: string): Statement => ({
  sql: "insert into settings (organization, key, value) values ('o', ?, ?)",
  parameters: [key, value],
});

const change = (key: string, from: string, to: string): Statement => ({
  sql: "update settings set value = ? where organization = 'o' and key = ? and value = ?",
  parameters: [to, key, from],
  expect: "one",
});

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
      await (await opened()).commit([set("kept", "1"), set("kept-too", "ä😀'\"\n\u0000")]);
      await database?.close();
      database = undefined;
      expect(await valuesOf(["kept", "kept-too"])).toEqual({ kept: "1", "kept-too": "ä😀'\"\n\u0000" });
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
      const writers = await Promise.allSettled([1, 2, 3].map((writer) => commit([change("raced", "a", `b${writer}`)])));
      const lost = writers.filter((result) => result.status === "rejected");
      expect(lost.map(({ reason }) => reason instanceof StaleWriteError)).toEqual([true, true]);
      expect((await valuesOf(["raced"])).raced).toMatch(/^b[123]$/);
    });

    test("fails no other unit of the same moment along with a bad one", async () => {
      const { commit } = await opened();
      const units = Array.from({ length: 50 }, (_, index) => [set(index % 10 === 0 ? "clash" : `good-${index}`, "1")]);
      const results = await Promise.allSettled(units.map((unit) => commit(unit)));
      expect(results.filter(({ status }) => status === "rejected")).toHaveLength(4);
      expect(Object.keys(await valuesOf(units.map(([first]) => String(first?.parameters[0]))))).toHaveLength(46);
    });

    test("reads what was committed before the reading was asked for", async () => {
      const { commit } = await opened();
      for (let turn = 0; turn < 20; turn++) {
        await commit([set(`turn-${turn}`, "1")]);
        expect(await valuesOf([`turn-${turn}`])).toEqual({ [`turn-${turn}`]: "1" });
      }
    });

    test("keeps 64-bit times of runs exact", async () => {
      const { commit, query } = await opened();
      const executed = 1_767_322_801_000_000_123n;
      const columns =
        "organization, id, function_name, function_id, faas_id, status, blocking, executed, attempt, depth, principal";
      const sql = `insert into runs (${columns}) values ('o', 'exact', 'f', 'i', 'r', 'READY', 1, ?, 1, 0, 'p')`;
      await commit([{ sql, parameters: [executed] }]);
      const row = await query.selectFrom("runs").select("executed").where("id", "=", "exact").executeTakeFirst();
      expect(row?.executed).toBe(executed);
    });

    test("says what is wrong with a statement, and goes on", async () => {
      const { commit } = await opened();
      await expect(commit([{ sql: "insert into nowhere values (1)", parameters: [] }])).rejects.toThrow(/nowhere/);
      await commit([set("after", "1")]);
      expect(await valuesOf(["after"])).toEqual({ after: "1" });
    });
  });
}
