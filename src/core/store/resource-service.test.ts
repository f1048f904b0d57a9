import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { createIam } from "../iam/authorize.ts";
import type { Principal } from "../shared/principal.ts";
import { ChangeFeed } from "./change-feed.ts";
import { PlainResources } from "./plain-resources.ts";
import type { ResourceList } from "./resource-list.ts";
import type { Described } from "./resource-service.ts";

interface Shelf extends Described {
  readonly boards?: number;
  readonly status?: string;
}

const schema = { properties: { name: {}, boards: {}, status: {} } };
const kind = { kind: "Shelf", word: "shelf", resource: "shelf", schema } as const;
const admin: Principal = { kind: "administrator", id: "administrator", organization: "a", via: "rest" };
const ci: Principal = { kind: "service-account", id: "a/ci", organization: "a", via: "rest" };

/** Shelves that the account may only read and make, and another server's view of them. */
async function shelves(): Promise<{ service: PlainResources<Shelf>; restarted(): Promise<PlainResources<Shelf>> }> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-shelves-"));
  const database = await openSqlite(join(folder, "test.db"));
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  const judge = (_: Principal, { action }: { action: string }): boolean => action === "get" || action === "create";
  const iam = createIam({ judge, exists: () => true, everybodyIsAdministrator: false });
  const open = () => new PlainResources<Shelf>(kind, { database, feed: new ChangeFeed(), iam });
  const restarted = async () => {
    const service = open();
    await service.load();
    return service;
  };
  return { service: open(), restarted };
}

async function namesOf(list: ResourceList<Shelf>): Promise<string[]> {
  return (await Array.fromAsync(list.parts())).flat().map(({ resource }) => resource.name);
}

test("whoever makes a resource owns it, also when others change it and over a restart; the administrator is not named", async () => {
  const { service, restarted } = await shelves();
  expect(await service.create(ci, "a", { name: "one" })).toMatchObject({ owner: "service-account:a/ci" });
  await service.update(admin, "a", "one", { name: "one", boards: 3, owner: "administrator:mallory" });
  expect(await (await restarted()).get(admin, "a", "one")).toMatchObject({ owner: "service-account:a/ci", boards: 3 });
  expect(Object.keys(await service.create(admin, "a", { name: "two" }))).not.toContain("owner");
});

test("whoever may write a resource names who looks after it, which those who do not send an owner keep", async () => {
  const { service, restarted } = await shelves();
  expect(await service.create(ci, "a", { name: "one", owner: "team-cloud" })).toMatchObject({ owner: "team-cloud" });
  await service.update(admin, "a", "one", { name: "one", owner: "" });
  await service.update(admin, "a", "one", { name: "one", owner: "service-account:a/ci" });
  expect((await (await restarted()).get(admin, "a", "one")).owner).toBe("team-cloud");
  await service.update(admin, "a", "one", { name: "one", owner: "#vm-ops" });
  expect((await (await restarted()).get(admin, "a", "one")).owner).toBe("#vm-ops");
});

test("a description is kept by those who do not send one, replaced by those who do, and removed by an empty one", async () => {
  const { service, restarted } = await shelves();
  expect(await service.create(admin, "a", { name: "one", description: "for books" })).toMatchObject({
    description: "for books",
  });
  await service.update(admin, "a", "one", { name: "one" });
  expect((await (await restarted()).get(admin, "a", "one")).description).toBe("for books");
  await service.update(admin, "a", "one", { name: "one", description: "for plants" });
  expect((await service.get(admin, "a", "one")).description).toBe("for plants");
  expect(Object.keys(await service.update(admin, "a", "one", { name: "one", description: "" }))).not.toContain(
    "description",
  );
});

test("every verb asks for its right, and says no by name", async () => {
  const { service } = await shelves();
  await service.create(ci, "a", { name: "one" });
  expect(await namesOf(service.list(ci, "a"))).toEqual(["one"]);
  await expect(service.update(ci, "a", "one", { name: "one" })).rejects.toThrow(/may not update shelf/);
  await expect(service.delete(ci, "a", "one")).rejects.toThrow(/may not delete shelf/);
  expect(await namesOf(service.list(ci, "b"))).toEqual([]);
  await expect(service.get(admin, "a", "two")).rejects.toMatchObject({ code: 404, message: "shelf two not found" });
  expect(await service.delete(admin, "a", "one")).toMatchObject({ name: "one", status: "DELETING" });
});
