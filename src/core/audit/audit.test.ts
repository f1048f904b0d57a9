import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { iam } from "../iam/authorize.ts";
import type { AuditTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { BY_ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import { checkArchive } from "./archive.ts";
import { auditStatement, keyedAudit } from "./audit.ts";
import { Chain } from "./chain.ts";
import { Refusals } from "./refusals.ts";
import { readSeal, sealText } from "./seal.ts";
import { Audit } from "./service.ts";

const administrator: Principal = { kind: "administrator", id: "administrator", organization: "", via: "rest" };
const key = randomBytes(32);
const log = { info: () => {}, error: () => {}, warn: () => {} };

let folder: string;
let opened: Database;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-"));
  opened = await openSqlite(join(folder, "test.db"));
  database = keyedAudit(opened, key);
});

afterEach(async () => {
  await opened.close();
  await rm(folder, { recursive: true });
});

function write(name: string, principal = administrator): Promise<void> {
  return database.commit([auditStatement({ principal, action: "use", organization: "o", kind: "Secret", name })]);
}

function rows(): Promise<AuditTable[]> {
  return opened.query.selectFrom("audit").selectAll().orderBy("sequence").execute();
}

/** The sequence of the first row that is not accepted. */
function firstFault(chained: readonly AuditTable[], under = key, unkeyedUntil = 0): number | undefined {
  const chain = new Chain(under, unkeyedUntil);
  return chained.find((row) => !chain.add(row))?.sequence;
}

async function threeRows(): Promise<[AuditTable, AuditTable, AuditTable]> {
  for (const name of ["a", "b", "c"]) await write(name);
  return (await rows()) as [AuditTable, AuditTable, AuditTable];
}

describe("the chain of the audit log", () => {
  test("is whole when nothing was touched, also while it is empty", async () => {
    expect(firstFault([])).toBeUndefined();
    expect(firstFault(await threeRows())).toBeUndefined();
  });

  test.each(["principal", "people", "name", "nonce", "organization"] as const)(
    "names a row whose %s was altered",
    async (field) => {
      const [a, b, c] = await threeRows();
      expect(firstFault([a, { ...b, [field]: "administrator:else" }, c])).toBe(2);
    },
  );

  test("names the row behind one that was removed, and the first that was put in another place", async () => {
    const [a, b, c] = await threeRows();
    expect(firstFault([a, c])).toBe(3);
    expect(firstFault([b, a, c])).toBe(2);
  });

  test("cannot be written again without the key, nor with the form of older versions", async () => {
    const chained = await threeRows();
    expect(firstFault(chained, randomBytes(32))).toBe(1);
    expect(firstFault(chained.map((row) => ({ ...row, nonce: null })))).toBe(1);
  });
});

test("an entry names those for whom a run acted", async () => {
  const people = ["administrator:administrator", "service-account:o/ci"];
  await write("s", { kind: "function", id: "run-1", organization: "o", via: "internal", people });
  expect(await rows()).toMatchObject([{ principal: "function:run-1", people: people.join(" ") }]);
});

test("a seal is worth nothing once a byte of it was altered, or under another key", () => {
  const from = { sequence: 0, hash: "", count: 0 };
  const seal = { sequence: 3, hash: "h", count: 3, unkeyedUntil: 0, from, time: 1 };
  const text = sealText(key, seal);
  expect(readSeal(key, text)).toEqual(seal);
  for (const other of [text.replace(/"count":3/, '"count":2'), "{}", "", text.slice(1)])
    expect(readSeal(key, other)).toBeUndefined();
  expect(readSeal(randomBytes(32), text)).toBeUndefined();
});

describe("the log as a whole", () => {
  const audits: Audit[] = [];

  async function open(anchor = ""): Promise<Audit> {
    const audit = new Audit({
      database,
      iam,
      key,
      file: join(folder, "seal.json"),
      archive: join(folder, "audit"),
      anchor,
      log,
    });
    await audit.start();
    audits.push(audit);
    return audit;
  }

  afterEach(async () => {
    await Promise.all(audits.splice(0).map((audit) => audit.stop()));
  });

  const everything = Number.MAX_SAFE_INTEGER;
  const step = <T>(act: () => Promise<T>): Promise<T> => act();
  const filesOf = async (): Promise<string[]> => (await readdir(join(folder, "audit")).catch(() => [])).sort();

  /** A log with so many sealed entries. */
  async function sealedLog(count: number): Promise<Audit> {
    const first = await open();
    for (let at = 0; at < count; at++) await write(`s${at}`);
    await first.stop();
    const audit = await open();
    return audit;
  }

  test("old entries go to a file that holds them as they were, and then out of the database; what is left is checked as before", async () => {
    const audit = await sealedLog(5);
    const before = await rows();
    await audit.cut(Number(before[0]?.time), step);
    expect(await filesOf()).toEqual([]);
    await audit.cut(everything, step);
    const [file = ""] = await filesOf();
    const lines = (await readFile(join(folder, "audit", file), "utf8")).trim().split("\n");
    expect(lines.slice(0, 5).map((line) => JSON.parse(line))).toEqual(before.slice(0, 5));
    expect((await rows()).map(({ name }) => name)).toEqual(["s4", `entries up to 5 in ${file}`]);
    expect(await audit.verify(administrator, "o")).toMatchObject({ whole: true, archivedUntil: 5 });
    await audit.stop();
    const again = await open();
    await write("later");
    expect(await again.verify(administrator, "o")).toMatchObject({ whole: true, archivedUntil: 5, entries: 3 });
    await opened.commit([statement((query) => query.deleteFrom("audit").where("sequence", "=", 5))({})]);
    expect(await again.verify(administrator, "o")).toMatchObject({ whole: false });
  });

  test("nothing is deleted when the file cannot be written, or does not hold what it should", async () => {
    const audit = await sealedLog(3);
    await writeFile(join(folder, "audit"), "no folder");
    await expect(audit.cut(everything, step)).rejects.toThrow();
    expect((await rows()).length).toBe(3);
    await rm(join(folder, "audit"));
    await audit.cut(everything, step);
    const [file = ""] = await filesOf();
    const path = join(folder, "audit", file);
    const facts = { key, before: { sequence: 0, hash: "", count: 0 }, unkeyedUntil: 0 };
    expect(await checkArchive(path, facts)).toMatchObject({ sequence: 3, count: 3 });
    const text = await readFile(path, "utf8");
    for (const forged of [
      text.replace("s1", "s9"),
      text.slice(text.indexOf("\n") + 1),
      text.slice(0, text.lastIndexOf("{")),
    ]) {
      await writeFile(path, forged);
      await expect(checkArchive(path, facts)).rejects.toThrow(/does not/);
    }
  });

  test("a server that dies between the file and the deletion goes on with it, and a check beside it finds no fault", async () => {
    const audit = await sealedLog(4);
    const dying = new Error("killed");
    let steps = 0;
    const dies = <T>(act: () => Promise<T>): Promise<T> => (++steps > 1 ? Promise.reject(dying) : act());
    await expect(audit.cut(everything, dies)).rejects.toThrow(dying);
    expect((await rows()).length).toBe(5);
    expect(await audit.verify(administrator, "o")).toMatchObject({ whole: true, archivedUntil: 4 });
    await audit.stop();
    const again = await open();
    const [verdict] = await Promise.all([again.verify(administrator, "o"), again.cut(0, step)]);
    expect(verdict).toMatchObject({ whole: true, archivedUntil: 4 });
    expect((await rows()).map(({ sequence }) => sequence)).toEqual([4, 5]);
  });

  test("what a server left that was killed while it sealed is gone after the next start, and nothing else", async () => {
    const names = ["seal.json.old", "seal.json.028f46f9-6042-4864-a57a-c08ca06b1ade"];
    for (const name of names) await writeFile(join(folder, name), "");
    await (await sealedLog(1)).stop();
    expect((await readdir(folder)).filter((name) => name.startsWith("seal"))).toEqual(["seal.json", "seal.json.old"]);
  });

  test("is sealed at start and at stop, and whole over restarts", async () => {
    const first = await open();
    await threeRows();
    expect(await first.verify(administrator, "o")).toMatchObject({ whole: true, entries: 3, sealed: { entries: 0 } });
    await first.stop();
    expect(await (await open()).verify(administrator, "o")).toMatchObject({ whole: true, sealed: { entries: 3 } });
  });

  test("is checked beyond one page", async () => {
    const audit = await open();
    await database.commit(
      Array.from({ length: 1203 }, (_, index) =>
        auditStatement({
          principal: administrator,
          action: "use",
          organization: "o",
          kind: "Secret",
          name: `s${index}`,
        }),
      ),
    );
    expect(await audit.verify(administrator, "o")).toMatchObject({ whole: true, entries: 1203 });
    const page = await audit.list(administrator, "o", { limit: 2, cursor: 1000 });
    expect(page.entries.map(({ sequence }) => sequence)).toEqual([999, 998]);
    expect(page.next).toBe(998);
    // Rare ones are found behind many others.
    const rare = await audit.list(administrator, "o", { name: "s3" });
    expect([rare.entries.length, rare.next]).toEqual([1, undefined]);
  });

  test("is for those who may read it, each in their own organization", async () => {
    const audit = await open();
    await write("mine");
    const function_: Principal = {
      kind: "function",
      id: "r",
      organization: "o",
      via: "door",
      people: BY_ADMINISTRATOR,
    };
    await expect(audit.list(function_, "o", {})).rejects.toThrow("may not get audit");
    expect((await audit.list(administrator, "p", {})).entries).toEqual([]);
    expect((await audit.list(administrator, "", {})).entries).toHaveLength(1);
  });
});

test("refusals are counted for each person and bounded in number", async () => {
  const refusals = new Refusals(database, log);
  const refuse = (id: string) =>
    refusals.add({
      principal: { kind: "service-account", id, organization: "o", via: "rest" },
      organization: "o",
      status: 403,
      request: "GET /v1/secret/aws",
    });
  for (let i = 0; i < 5; i++) refuse("o/ci");
  for (let i = 0; i < 300; i++) refuse(`o/ci${i}`);
  await refusals.stop();
  const written = await rows();
  expect(written).toHaveLength(101);
  expect(written[0]).toMatchObject({
    principal: "service-account:o/ci",
    action: "refused",
    name: "5 x 403 GET /v1/secret/aws",
  });
  expect(written.at(-1)).toMatchObject({ principal: "anonymous:others", name: "201 x 403" });
});
