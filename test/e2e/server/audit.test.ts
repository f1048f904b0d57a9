/** An audit log that can be believed: what somebody who can write to the database does to it shows. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { administratorOf, bearer, createAccount, grant, signedToken } from "../iam/accounts.ts";
import { type CommandResult, runCommand } from "../support/command-line.ts";
import { rowsOf } from "../support/database.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { isPostgres, sqliteOnly } from "../support/server-database.ts";
import { until } from "../support/until.ts";

interface Verdict {
  readonly whole: boolean;
  readonly entries: number;
  readonly reason?: string;
  readonly unkeyedUntil?: number;
  readonly acceptedUntil?: number;
}

interface Entry {
  readonly sequence: number;
  readonly principal: string;
  readonly people: readonly string[];
  readonly action: string;
  readonly kind: string;
  readonly name: string;
}

let original: string;
const folders: string[] = [];

/** A server that was stopped after some secrets were made and read. */
beforeAll(async () => {
  const server = await startServer();
  original = server.dataDir;
  folders.push(original);
  const dispatch = new Dispatch(server.api);
  for (const name of ["one", "two", "three"]) {
    await dispatch.post("/v1/secret", { name, secrets: { key: "value" } });
    await dispatch.get(`/v1/secret/${name}`);
  }
  expect(await verdictOf(dispatch)).toMatchObject({ whole: true });
  await server.stop();
});

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function verdictOf(dispatch: Dispatch): Promise<Verdict> {
  return parse<Verdict>(await dispatch.get("/v1/audit/verify"));
}

interface Row {
  sequence: number;
  hash: string;
  [column: string]: string | number | null;
}

/** Writes the hashes anew as somebody can who has no key: in the form of the versions without one. */
function rehash(database: Database.Database): void {
  database.exec("update audit set nonce = null, people = null");
  let before = "";
  for (const row of database.prepare("select * from audit order by sequence").all() as Row[]) {
    const fields = ["organization", "time", "principal", "via", "action", "kind", "name"].map((column) => row[column]);
    before = createHash("sha256")
      .update(before + JSON.stringify(fields))
      .digest("hex");
    database.prepare("update audit set hash = ? where sequence = ?").run(before, row.sequence);
  }
}

/** A server on a copy of the data in which somebody did this to the database. */
async function startAfter(deed: (database: Database.Database, folder: string) => void): Promise<ServerProcess> {
  const folder = await temporaryFolder();
  folders.push(folder);
  await cp(original, folder, { recursive: true });
  const database = new Database(join(folder, "dispatch.db"));
  deed(database, folder);
  database.close();
  return startServer({ dataDir: folder });
}

describe.skipIf(isPostgres)(`who edits the database while the server is stopped${sqliteOnly}`, () => {
  test.each<[string, (database: Database.Database, folder: string) => void, RegExp]>([
    [
      "and changes an entry",
      (database) => database.exec("update audit set principal = 'system:x' where sequence = 3"),
      /^entry 3 was altered/,
    ],
    [
      "and removes one from the middle",
      (database) => database.exec("delete from audit where sequence = 3"),
      /^entry 4 was altered, or entries between 2 and 4 were removed/,
    ],
    [
      "and cuts off the end",
      (database) => database.exec("delete from audit where sequence > 3"),
      /^the end was cut off: \d+ entries up to \d+ were sealed, the last one there is 3/,
    ],
    ["and writes history anew", rehash, /^entry \d+ (was altered|is not the one that was sealed)/],
    [
      "and writes history anew without a seal",
      (database) => {
        rehash(database);
        database.exec("delete from settings where key = 'audit-seal'");
      },
      /^the database is older than .*audit-seal\.json/,
    ],
    [
      "and forges the seal",
      (database) =>
        database.exec(
          "update settings set value = replace(value, '\"count\":', '\"count\":1') where key = 'audit-seal'",
        ),
      /^the seal in the database was altered/,
    ],
  ])("%s, is found out", async (_, deed, reason) => {
    const server = await startAfter(deed);
    const dispatch = new Dispatch(server.api);
    const health = await until("the log was checked", async () => {
      const { audit } = parse<{ audit: { checking?: boolean; whole?: boolean; reason?: string } }>(
        await dispatch.raw("/healthz"),
      );
      return audit.checking ? undefined : audit;
    });
    expect(health).toEqual({ whole: false, reason: expect.stringMatching(reason) });
    expect(await verdictOf(dispatch)).toMatchObject({ whole: false, reason: expect.stringMatching(reason) });
    expect(server.log.some(({ msg }) => msg.startsWith("the audit log cannot be believed"))).toBe(true);
    await dispatch.post("/v1/secret", { name: "later", secrets: {} });
    await server.stop();
    const again = await startServer({ dataDir: server.dataDir });
    expect(await verdictOf(new Dispatch(again.api))).toMatchObject({ whole: false });
    await again.stop();
  });

  test("is found out by the command line, too, until an administrator takes the log as it is", async () => {
    const server = await startAfter((database) => database.exec("delete from audit where sequence = 3"));
    const dispatch = new Dispatch(server.api);
    const environment = { DISPATCH_PORT: new URL(server.api).port };
    const cli = (...words: string[]): Promise<CommandResult> => runCommand(words, { cwd: server.dataDir, environment });
    const found = await cli("audit", "verify");
    expect([found.status, found.stdout]).toEqual([
      1,
      expect.stringContaining("The audit log cannot be believed: entry 4"),
    ]);
    expect((await cli("doctor")).stdout).toMatch(/broken +audit log/);
    expect((await cli("audit", "accept")).status).toBe(0);
    expect((await cli("audit", "verify")).stdout).toContain("were accepted as they were found");
    const everywhere = await dispatch.raw("/v1/audit?action=accept", { headers: { cookie: "cookie" } });
    expect(parse<Entry[]>(everywhere)).toMatchObject([{ principal: "administrator:administrator", kind: "AuditLog" }]);
    await dispatch.post("/v1/secret", { name: "later", secrets: {} });
    await server.stop();
    const again = await startServer({ dataDir: server.dataDir });
    expect(await verdictOf(new Dispatch(again.api))).toMatchObject({
      whole: true,
      acceptedUntil: expect.any(Number),
    });
    await again.stop();
  });
});

test.skipIf(isPostgres)("the end of a log is sealed within seconds, also where the server dies", async () => {
  const server = await startServer();
  folders.push(server.dataDir);
  const dispatch = new Dispatch(server.api);
  await dispatch.post("/v1/secret", { name: "one", secrets: { key: "value" } });
  const { entries } = await verdictOf(dispatch);
  const isSealed = async () =>
    (parse<{ sealed?: Verdict }>(await dispatch.get("/v1/audit/verify")).sealed?.entries ?? 0) >= entries;
  await until("the entry is sealed", async () => ((await isSealed()) ? true : undefined));
  await server.kill();
  const database = new Database(join(server.dataDir, "dispatch.db"));
  database.exec("delete from audit where sequence = (select max(sequence) from audit)");
  database.close();
  const again = await startServer({ dataDir: server.dataDir });
  expect((await verdictOf(new Dispatch(again.api))).reason).toMatch(/^the end was cut off/);
  await again.stop();
});

test.skipIf(isPostgres)("a log of an older version, which had no key, is sealed as it is found", async () => {
  const server = await startAfter((database, folder) => {
    rehash(database);
    database.exec("delete from settings where key = 'audit-seal'");
    rmSync(join(folder, "audit-seal.json"));
  });
  const dispatch = new Dispatch(server.api);
  await dispatch.post("/v1/secret", { name: "later", secrets: {} });
  expect(await verdictOf(dispatch)).toMatchObject({ whole: true, unkeyedUntil: expect.any(Number) });
  expect(server.log.some(({ msg }) => msg.includes("which had no key, was sealed as it was found"))).toBe(true);
  await server.stop();
});

describe("with accounts", () => {
  let server: ServerProcess;
  let admin: Dispatch;
  let ci: Dispatch;
  const anchor = join(process.env.TMPDIR ?? "/tmp", `audit-anchor-${process.pid}.jsonl`);

  beforeAll(async () => {
    server = await startServer({ flags: ["--auth", "token", "--audit-anchor", anchor] });
    folders.push(server.dataDir, anchor);
    admin = await administratorOf(server, "team-a");
    ci = bearer(server, "team-a", signedToken("team-a/ci", await createAccount(admin, "ci")));
  });

  test("who was refused is on record, counted", async () => {
    for (let i = 0; i < 3; i++) expect((await ci.get("/v1/secret/aws?token=hidden")).status).toBe(403);
    await new Dispatch(server.api, { "x-dispatch-org": "team-a" }).get("/v1/function");
    await server.stop();
    server = await startServer({ dataDir: server.dataDir, flags: ["--auth", "token"] });
    admin = await administratorOf(server, "team-a");
    ci = bearer(server, "team-a", ci.headers.authorization?.replace("Bearer ", "") ?? "");
    const refused = parse<Entry[]>(await admin.get("/v1/audit?action=refused"));
    expect(refused).toContainEqual(
      expect.objectContaining({ principal: "service-account:team-a/ci", name: "3 x 403 GET /v1/secret/aws" }),
    );
    expect(refused.some(({ principal, name }) => principal.startsWith("anonymous:") && name.includes("401"))).toBe(
      true,
    );
    expect((await readFile(anchor, "utf8")).trim().split("\n").length).toBeGreaterThan(0);
  });

  test("the log is for those who may read it", async () => {
    expect((await ci.get("/v1/audit")).status).toBe(403);
    expect((await ci.get("/v1/audit/verify")).status).toBe(403);
    await grant(admin, "auditors", { subjects: ["ci"], resources: ["audit"], actions: ["get"] });
    const page = parse<Entry[]>(await ci.get("/v1/audit?limit=2"));
    expect(page).toHaveLength(2);
    expect(page[0]).toMatchObject({ principal: "administrator:administrator", action: "create", kind: "Policy" });
    expect((await ci.get("/v1/audit/verify")).status).toBe(200);
    expect((await ci.post("/v1/audit/accept", undefined)).status).toBe(403);
    await server.stop();
  });
});

test("a secret that is made again goes on from the version that it had", async () => {
  const server = await startServer();
  folders.push(server.dataDir);
  const dispatch = new Dispatch(server.api);
  await dispatch.post("/v1/secret", { name: "again", secrets: { key: "1" } });
  await dispatch.put("/v1/secret/again", { name: "again", secrets: { key: "2" } });
  await dispatch.delete("/v1/secret/again");
  await dispatch.post("/v1/secret", { name: "again", secrets: { key: "3" } });
  expect(parse(await dispatch.get("/v1/secret/again"))).toMatchObject({ secrets: { key: "3" } });
  await server.stop();
  const [row] = rowsOf<{ document: string }>(server.dataDir, "select document from resources where name = 'again'");
  expect(JSON.parse(row?.document ?? "{}")).toMatchObject({ sealed: { version: 3 } });
});
