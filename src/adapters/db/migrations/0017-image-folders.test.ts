import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { migrate } from "../migrate.ts";
import { imageFolders } from "./0017-image-folders.ts";
import { migrations } from "./index.ts";

const digest = "0123456789abcdef".repeat(4);

function database(): Database.Database {
  const opened = new Database(":memory:");
  onTestFinished(() => void opened.close());
  migrate(
    opened,
    ":memory:",
    migrations.filter(({ number }) => number < imageFolders.number),
  );
  return opened;
}

test("paths of image folders become their names, and everything else stays as it was", () => {
  const opened = database();
  const lock = `{"a":"\\"folder\\":\\"/x/${digest}\\""}`;
  const image = { digest, lock, folder: `/some "old" place/images/${digest}` };
  const insertImage = opened.prepare(
    "insert into resources (organization, kind, name, id, generation, born, created, modified, document) values ('o', 'Image', ?, ?, 1, 1, 1, 1, ?)",
  );
  insertImage.run("full", "1", JSON.stringify({ built: image, tags: null }));
  insertImage.run("plain", "2", JSON.stringify({ built: { digest, lock: "" } }));
  insertImage.run("unbuilt", "3", JSON.stringify({ built: null }));
  insertImage.run("deep", "4", `${"[".repeat(1500)}${"]".repeat(1500)}`);
  opened
    .prepare(
      "insert into revisions (organization, faas_id, function_id, created, document) values ('o', 'f', 'g', 1, ?)",
    )
    .run(JSON.stringify({ revision: { image }, schema: { in: { folder: "/stays" } } }));
  for (const sql of imageFolders.statements) opened.exec(sql);
  const documents = opened.prepare("select document from resources order by id").pluck().all().map(String);
  expect(documents.slice(0, 3).map((document) => JSON.parse(document) as unknown)).toEqual([
    { built: { digest, lock, folder: digest }, tags: null },
    { built: { digest, lock: "" } },
    { built: null },
  ]);
  expect(JSON.parse(String(opened.prepare("select document from revisions").pluck().get()))).toEqual({
    revision: { image: { digest, lock, folder: digest } },
    schema: { in: { folder: "/stays" } },
  });
});
