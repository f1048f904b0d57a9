import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { iam } from "../iam/authorize.ts";
import type { AuditTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { BY_ADMINISTRATOR, type Principal } from "../shared/principal.ts";
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
    const audit = new Audit({ database, iam, key, file: join(folder, "seal.json"), anchor, log });
    await audit.start();
    audits.push(audit);
    return audit;
  }

  afterEach(async () => {
    await Promise.all(audits.splice(0).map((audit) => audit.stop()));
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
