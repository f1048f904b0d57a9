import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { migrate } from "../migrate.ts";
import { migrations } from "./index.ts";

test("runs that waited as jobs of before wait as work, free for whoever looks first", () => {
  const database = new Database(":memory:");
  onTestFinished(() => void database.close());
  migrate(
    database,
    ":memory:",
    migrations.filter(({ number }) => number < 12),
  );
  const insert = database.prepare("insert into jobs values ('o', ?, 'run', ?, 99999999999999, 3)");
  insert.run("waits", "");
  insert.run("held", "dead server");
  for (const sql of migrations.find(({ number }) => number === 12)?.statements ?? []) database.exec(sql);
  const rows = database.prepare("select id, kind, owner, due, behind, attempts from work order by id").all();
  const free = { kind: "run", owner: "", due: 0, behind: 0, attempts: 0 };
  expect(rows).toEqual([
    { id: "held", ...free },
    { id: "waits", ...free },
  ]);
  expect(database.prepare("select name from sqlite_master where name = 'jobs'").all()).toEqual([]);
});
