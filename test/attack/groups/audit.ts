/** Somebody with the database in his hands who wants the audit log to tell another story. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { administratorOf } from "../../e2e/iam/accounts.ts";
import { Dispatch, ORGANIZATION, parse } from "../../e2e/support/dispatch.ts";
import { startServer } from "../../e2e/support/server.ts";
import { attacksOf, judge, type Verdict } from "../attack.ts";

interface Finding {
  readonly whole: boolean;
  readonly reason?: string;
}

/** A server of its own is stopped, its database changed, and the server started again. */
async function after(deed: (database: Database.Database, folder: string) => void): Promise<Verdict> {
  const first = await startServer();
  const { dataDir } = first;
  const admin = new Dispatch(first.api);
  for (const name of ["one", "two", "three"]) {
    await admin.post("/v1/secret", { name, secrets: { key: "value" } });
    await admin.get(`/v1/secret/${name}`);
  }
  await first.stop();
  const database = new Database(join(dataDir, "dispatch.db"));
  deed(database, dataDir);
  database.close();
  const second = await startServer({ dataDir });
  const { whole, reason } = parse<Finding>(await new Dispatch(second.api).get("/v1/audit/verify"));
  await second.dispose();
  return judge(!whole, reason ?? "nobody notices");
}

export const audit = attacksOf("audit", {
  "change an entry": () => after((database) => database.exec("update audit set principal = 'x' where sequence = 3")),

  "cut off the end": () => after((database) => database.exec("delete from audit where sequence > 3")),

  "cut off the end with every seal in reach of the database": () =>
    after((database) => {
      database.exec("delete from audit where sequence > 3; delete from settings where key = 'audit-seal'");
    }),

  "remove an entry, and the seal beside the database": () =>
    after((database, folder) => {
      database.exec("delete from audit where sequence = 3");
      rmSync(join(folder, "audit-seal.json"), { force: true });
    }),

  "be refused without a trace": async () => {
    const first = await startServer({ flags: ["--auth", "token"] });
    await new Dispatch(first.api).get("/v1/secret/salaries");
    await first.stop();
    const second = await startServer({ dataDir: first.dataDir, flags: ["--auth", "token"] });
    const { text } = await (await administratorOf(second, ORGANIZATION)).get("/v1/audit?action=refused");
    await second.dispose();
    return judge(text.includes("/v1/secret/salaries"), "on record after a restart");
  },
});
