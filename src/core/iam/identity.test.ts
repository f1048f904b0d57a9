import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import type { Policy } from "./contract.ts";
import { Identity } from "./identity.ts";

const admin: Principal = { kind: "administrator", id: "administrator", organization: "", via: "rest" };
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });
const publicKey = Buffer.from(pem).toString("base64");

let folder: string;
let database: Database;
let identity: Identity;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "iam-"));
  database = await openSqlite(join(folder, "test.db"));
  identity = await start();
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

async function start(): Promise<Identity> {
  const started = new Identity(database, new ChangeFeed());
  await started.load();
  return started;
}

function account(organization: string, name: string): Principal {
  return { kind: "service-account", id: `${organization}/${name}`, organization, via: "rest" };
}

function policy(name: string, subject: string, resource: string, global = false): Policy {
  return { name, global, rules: [{ subjects: [subject], resources: [resource], actions: ["*"] }] };
}

function may(who: Principal, resource: string, organization: string): boolean {
  return identity.iam.permits(who, { resource, action: "create", organization });
}

describe("policies", () => {
  test("count from the answer to their creation until that to their deletion, and after a restart", async () => {
    const ci = account("a", "ci");
    expect(may(ci, "function", "a")).toBe(false);
    await identity.policies.create(admin, "a", policy("p", "ci", "function"));
    expect(may(ci, "function", "a")).toBe(true);
    identity = await start();
    expect(may(ci, "function", "a")).toBe(true);
    await identity.policies.update(admin, "a", "p", policy("p", "ci", "image"));
    expect([may(ci, "function", "a"), may(ci, "image", "a")]).toEqual([false, true]);
    await identity.policies.delete(admin, "a", "p");
    expect(may(ci, "image", "a")).toBe(false);
  });

  test("of one organization can be written by its own managers, global ones cannot", async () => {
    const manager = account("a", "manager");
    await identity.policies.create(admin, "a", policy("managers", "manager", "iam"));
    await identity.policies.create(manager, "a", policy("mine", "ci", "function"));
    const global = policy("global", "a/manager", "*", true);
    await expect(identity.policies.create(manager, "a", global)).rejects.toThrow(/in all organizations: no policy/);
    await expect(identity.policies.update(manager, "a", "mine", { ...global, name: "mine" })).rejects.toThrow(
      /may not/,
    );
    await expect(identity.policies.create(manager, "b", policy("p", "ci", "function"))).rejects.toThrow(/may not/);
    await identity.policies.create(admin, "a", policy("theirs", "b/ops", "*", true));
    await expect(identity.policies.update(manager, "a", "theirs", policy("theirs", "x", "x"))).rejects.toThrow(
      /may not/,
    );
    await expect(identity.policies.delete(manager, "a", "theirs")).rejects.toThrow(/may not/);
  });

  test("that are global open organizations that exist, and no misspelt ones", async () => {
    const ops = account("a", "ops");
    await identity.policies.create(admin, "a", policy("ops", "a/ops", "*", true));
    expect(may(ops, "function", "b")).toBe(false);
    await identity.organizations.create(ops, "", { name: "b" });
    expect(may(ops, "function", "b")).toBe(true);
    expect(may(ops, "function", "bb")).toBe(false);
  });
});

describe("service accounts", () => {
  test("that reach beyond their organization get their key from those who do, too", async () => {
    const manager = account("a", "manager");
    await identity.policies.create(admin, "a", policy("managers", "manager", "iam"));
    await identity.policies.create(admin, "ops", policy("global", "a/robot", "*", true));
    const robot = { name: "robot", publicKey };
    await expect(identity.serviceAccounts.create(manager, "a", robot)).rejects.toThrow(/in all organizations/);
    await identity.serviceAccounts.create(admin, "a", robot);
    await expect(identity.serviceAccounts.update(manager, "a", "robot", robot)).rejects.toThrow(/in all organizations/);
    await identity.serviceAccounts.create(manager, "a", { name: "local", publicKey });
  });
});

describe("organizations", () => {
  test("are seen by those who belong to them, and by those of all", async () => {
    for (const name of ["a", "b"]) await identity.organizations.create(admin, "", { name });
    const names = async (who: Principal): Promise<string[]> =>
      (await Array.fromAsync(identity.organizations.list(who).parts())).flat().map(({ resource }) => resource.name);
    expect(await names(admin)).toEqual(["b", "a"]);
    const manager = account("a", "manager");
    await expect(names(manager)).rejects.toThrow(/may not get iam in organization a/);
    await identity.policies.create(admin, "a", policy("managers", "manager", "iam"));
    expect(await names(manager)).toEqual(["a"]);
    await expect(identity.organizations.get(manager, "a", "b")).rejects.toThrow(/may not get iam in organization b/);
    await expect(identity.organizations.delete(manager, "a", "a")).rejects.toThrow(/in all organizations/);
  });
});
