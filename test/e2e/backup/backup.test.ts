/** Backups of real servers: taken under load and at rest, brought back elsewhere and in place, damaged, and refused. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Dispatch, parse } from "../support/dispatch.ts";
import { runServer, type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

const greet = { "greet.js": "module.exports = (context) => ({ knows: context.secrets.word ?? null });" };

let server: ServerProcess;
let dispatch: Dispatch;
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  await dispatch.post("/v1/secret", { name: "door", secrets: { word: "OpenSesame" } });
  await dispatch.createFunction("greet", greet, { secrets: ["door"] });
  await dispatch.post("/v1/api", { name: "greet", function: "greet", uris: ["/greet"], methods: ["GET"] });
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true });
});

async function backUp(name: string, ...flags: string[]): Promise<string> {
  const file = join(folder, name);
  const { code, stderr } = await runServer(["backup", file, "--data-dir", server.dataDir, ...flags]);
  expect([code, stderr]).toEqual([0, ""]);
  return file;
}

function restore(file: string, dataDir: string, ...flags: string[]) {
  return runServer(["restore", file, "--data-dir", dataDir, ...flags]);
}

async function started(dataDir: string): Promise<Dispatch> {
  const running = await startServer({ dataDir });
  onTestFinished(async () => void (await running.stop()));
  return new Dispatch(running.api);
}

/** Creates, runs and deletes until it is told to stop; then says how many rounds there were. */
function load(): { stop(): Promise<number> } {
  let going = true;
  let rounds = 0;
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let round = 0; going; round++) {
      await dispatch.run("greet");
      const name = `busy-${caller}`;
      await dispatch.post("/v1/secret", { name, secrets: { filler: randomBytes(20_000).toString("hex") } });
      await dispatch.createFunction(name, { "f.js": `module.exports = () => ${round};` });
      await dispatch.delete(`/v1/function/${name}`);
      await dispatch.delete(`/v1/secret/${name}`);
      rounds++;
    }
  });
  return {
    stop: async () => {
      going = false;
      await Promise.all(callers);
      return rounds;
    },
  };
}

test("a backup under load holds all that was acknowledged before, and everything answers in another folder", async () => {
  const before = await Promise.all([dispatch.run("greet"), dispatch.run("greet")]);
  const work = load();
  const file = await backUp("loaded.tar.gz", "--with-key");
  expect(await work.stop()).toBeGreaterThan(0);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const dataDir = join(folder, "elsewhere");
  expect(await restore(file, dataDir)).toMatchObject({ code: 0, stderr: "" });
  const other = await started(dataDir);
  expect((await other.built("greet")).status).toBe("READY");
  expect((await other.run("greet")).output).toEqual({ knows: "OpenSesame" });
  expect(parse<{ name: string }>(await other.get("/v1/api/greet")).name).toBe("greet");
  for (const { name } of before) expect((await other.getRun(name)).output).toEqual({ knows: "OpenSesame" });
  const functions = parse<{ name: string }[]>(await other.get("/v1/function"));
  for (const { name } of functions) expect((await other.built(name)).status, name).toBe("READY");
});

test("without the key the secrets stay closed until the master key is put back", async () => {
  const file = await backUp("keyless.tar.gz");
  expect(gunzipSync(await readFile(file)).includes("dispatch-master-key")).toBe(false);
  const dataDir = join(folder, "keyless");
  const { stdout } = await restore(file, dataDir);
  expect(stdout).toContain(`put the master key of that time at ${join(dataDir, "master.key")}`);
  await expect(startServer({ dataDir })).rejects.toThrow(/master\.key is missing.*put it back/);
  await copyFile(join(server.dataDir, "master.key"), join(dataDir, "master.key"));
  expect((await (await started(dataDir)).run("greet")).output).toEqual({ knows: "OpenSesame" });
});

test("a restored server has an administrator again, though the old token was not in the backup", async () => {
  const file = await backUp("token.tar.gz");
  const dataDir = join(folder, "token");
  await restore(file, dataDir);
  await copyFile(join(server.dataDir, "master.key"), join(dataDir, "master.key"));
  const running = await startServer({ dataDir, flags: ["--auth", "token"] });
  onTestFinished(async () => void (await running.stop()));
  const token = (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
  expect(token).not.toBe((await readFile(join(server.dataDir, "admin-token"), "utf8")).trim());
  const answer = await new Dispatch(running.api, { authorization: `Bearer ${token}` }).get("/v1/function/greet");
  expect(answer.status).toBe(200);
});

test("a stopped server is backed up from its files, and --force goes back to that state in place", async () => {
  const dataDir = join(folder, "in-place");
  await restore(await backUp("first.tar.gz", "--with-key"), dataDir);
  const file = join(folder, "stopped.tar.gz");
  expect(await runServer(["backup", file, "--data-dir", dataDir])).toMatchObject({ code: 0, stderr: "" });

  const first = await startServer({ dataDir });
  await new Dispatch(first.api).delete("/v1/function/greet");
  await first.stop();
  const refused = await restore(file, dataDir);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/is not empty: .*--force/)]);
  const forced = await restore(file, dataDir, "--force");
  expect([forced.code, forced.stdout]).toEqual([0, expect.stringMatching(/What was there before is in .*replaced-/)]);
  expect((await (await started(dataDir)).run("greet")).output).toEqual({ knows: "OpenSesame" });
  expect((await readdir(dataDir)).filter((name) => name.startsWith(".restore") || name.startsWith(".backup"))).toEqual(
    [],
  );
});

test("images with dependencies that are not here are installed again, and their functions follow", async () => {
  const source = join(folder, "source");
  const first = await startServer({ dataDir: source });
  const one = new Dispatch(first.api);
  await one.createImage("nodejs");
  await one.createFunction("plain", { "f.js": "module.exports = () => 'plain';" });
  await first.stop();
  await pretendDependencies(join(source, "dispatch.db"));
  const file = join(folder, "images.tar.gz");
  await runServer(["backup", file, "--data-dir", source, "--with-key"]);
  const dataDir = join(folder, "images");
  expect((await restore(file, dataDir)).stdout).toContain("Images that the server installs again when it starts: 1.");
  const other = await started(dataDir);
  expect((await other.built("plain")).status).toBe("READY");
  expect((await other.run("plain")).output).toBe("plain");
});

async function changed(path: string, sql: string): Promise<void> {
  const { default: Sqlite } = await import("better-sqlite3");
  const database = new Sqlite(path);
  database.exec(sql);
  database.close();
}

/** As if the image had been built in a folder that the other machine does not have. */
async function pretendDependencies(path: string): Promise<void> {
  const folderSql = (member: string) => `json_set(document, '$.${member}.folder', '/nonexistent/image')`;
  await changed(path, `update resources set document = ${folderSql("built")} where kind = 'Image'`);
  await changed(path, `update revisions set document = ${folderSql("revision.image")}`);
}

test("a backup never overwrites a file, and a failed one leaves none", async () => {
  const file = await backUp("once.tar.gz");
  const again = await runServer(["backup", file, "--data-dir", server.dataDir]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`${file} exists already`)]);
  const nowhere = await runServer(["backup", join(folder, "no/such/b.tar.gz"), "--data-dir", server.dataDir]);
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("choose another place")]);
  const empty = await runServer(["backup", join(folder, "empty.tar.gz"), "--data-dir", join(folder, "void")]);
  expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining("there is nothing to back up")]);
  expect(existsSync(join(folder, "void"))).toBe(false);
  expect((await readdir(folder)).filter((name) => name.includes("unfinished"))).toEqual([]);
});

test("entries of the audit log that are in files by now come along, and what they replace is set aside", async () => {
  const dataDir = join(folder, "archiving");
  await restore(await backUp("unarchived.tar.gz", "--with-key"), dataDir);
  await changed(join(dataDir, "dispatch.db"), "update work set due = 0 where kind = 'retention'");
  const archiving = await startServer({ dataDir, flags: ["--keep-audit", "1ms"] });
  const archive = join(dataDir, "audit");
  const auditLog = new Dispatch(archiving.api);
  await until(
    "old entries are in a file",
    async () => parse<{ archivedUntil?: number }>(await auditLog.get("/v1/audit/verify")).archivedUntil,
  );
  const [name = ""] = await readdir(archive);
  const file = join(folder, "archived.tar.gz");
  expect(await runServer(["backup", file, "--data-dir", dataDir])).toMatchObject({ code: 0, stderr: "" });
  await archiving.stop();
  const entries = await readFile(join(archive, name), "latin1");

  const elsewhere = join(folder, "archive-elsewhere");
  expect(await restore(file, elsewhere)).toMatchObject({ code: 0, stderr: "" });
  expect(await readFile(join(elsewhere, "audit", name), "latin1")).toBe(entries);
  await copyFile(join(server.dataDir, "master.key"), join(elsewhere, "master.key"));
  const verdict = parse<object>(await (await started(elsewhere)).get("/v1/audit/verify"));
  expect(verdict).toMatchObject({ whole: true, archivedUntil: expect.any(Number) });

  await writeFile(join(archive, name), "mine");
  const { stdout } = await restore(file, dataDir, "--force");
  const aside = /What was there before is in (.*)\./.exec(stdout)?.[1] ?? "";
  expect(await readFile(join(aside, name), "utf8")).toBe("mine");
  expect(await readFile(join(archive, name), "latin1")).toBe(entries);

  const tar = gunzipSync(await readFile(file)).toString("latin1");
  const altered = join(folder, "archive-altered.tar.gz");
  const wrong = tar.replace(entries, () => `x${entries.slice(1)}`);
  await writeFile(altered, gzipSync(Buffer.from(wrong, "latin1")));
  const refused = await restore(altered, join(folder, "archive-refused"));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/audit\/audit-.*\.jsonl was altered/)]);
});

test("a running server is not restored over", async () => {
  const { code, stderr } = await restore(await backUp("over.tar.gz"), server.dataDir, "--force");
  expect([code, stderr]).toEqual([1, expect.stringContaining("stop it first")]);
});

test("damaged, cut off, newer and foreign archives are refused by name, and nothing is left behind", async () => {
  const good = await backUp("good.tar.gz", "--with-key");
  const tar = gunzipSync(await readFile(good));
  const broken = async (name: string, bytes: Buffer): Promise<string> => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const altered = Buffer.from(tar);
  altered.writeUInt8(altered.readUInt8(512 + 40_000) ^ 1, 512 + 40_000);
  const shape = /"shape": \d+/.exec(tar.toString("latin1"));
  const newer = Buffer.from(
    tar.toString("latin1").replace(/"shape": \d+/, `"shape": ${"9".repeat((shape?.[0].length ?? 0) - 9)}`),
    "latin1",
  );
  const cut = await broken("cut.tar.gz", await readFile(good));
  await truncate(cut, (await stat(cut)).size - 200);
  const cases: [string, RegExp][] = [
    [await broken("altered.tar.gz", gzipSync(altered)), /its database was altered/],
    [await broken("newer.tar.gz", gzipSync(newer)), /was made by a newer Dispatch/],
    [cut, /cannot be restored/],
    [await broken("text.tar.gz", Buffer.from("hello")), /cannot be restored|is not a backup/],
    [join(folder, "absent.tar.gz"), /there is no file/],
  ];
  for (const [file, message] of cases) {
    const dataDir = join(folder, "untouched");
    await mkdir(dataDir, { recursive: true });
    const { code, stderr } = await restore(file, dataDir);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await readdir(dataDir), file).toEqual([]);
  }
});
