import Database from "better-sqlite3";
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector } from "kysely";
import { expect, test } from "vitest";
import type { DatabaseSchema } from "../../core/shared/database-schema.ts";
import { statement } from "../../core/shared/statement.ts";
import { StatementCompiler } from "./sqlite-statements.ts";
import { StatementTexts } from "./statement-texts.ts";

const compiler = new Kysely<DatabaseSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new StatementCompiler(),
  },
});

const first = statement((database, { kind, limit }: { kind: string; limit: number }) =>
  database
    .selectFrom("work")
    .select("id")
    .where("kind", "=", kind)
    .where("behind", "=", 0)
    .where("owner", "<>", "it's ?")
    .orderBy("due")
    .limit(limit),
);

test("what is always the same stands in the text, and no parameter stands bare: SQLite would plan anew each time", () => {
  const { sql, slots } = new StatementTexts(compiler).of(first({ kind: "delivery", limit: 1 }).query);
  expect(sql).toBe(
    `select "id" from "work" where "kind" = +? and "behind" = 0 and "owner" <> 'it''s ?' order by "due" limit +?`,
  );
  expect(slots).toMatchObject([{ name: "kind" }, { name: "limit" }]);
});

test("its plan uses the index of what is due, which is for the front alone", () => {
  const database = new Database(":memory:");
  database.exec("create table work (id text, kind text, behind integer, owner text, due integer)");
  database.exec("create index work_due on work (kind, due) where behind = 0");
  const { sql } = new StatementTexts(compiler).of(first({ kind: "delivery", limit: 1 }).query);
  const plan = database.prepare(`explain query plan ${sql}`).all("delivery", 1);
  expect(plan).toMatchObject([{ detail: "SEARCH work USING INDEX work_due (kind=?)" }]);
  database.close();
});
