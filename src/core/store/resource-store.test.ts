import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import type { Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import { ChangeFeed } from "./change-feed.ts";
import { ResourceStore } from "./resource-store.ts";

const admin: Principal = { kind: "administrator", id: "admin", organization: "o", via: "rest" };

async function newStore(): Promise<ResourceStore<string>> {
  const folder = await mkdtemp(join(tmpdir(), "resources-"));
  const database = await openSqlite(join(folder, "test.db"));
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  return new ResourceStore<string>({ kind: "Function", word: "function" }, database, new ChangeFeed());
}

const broken = statement((query) => query.deleteFrom("nowhere" as "settings"));

test("of two that replace the same version one is told that it came too late", async () => {
  const store = await newStore();
  const record = await store.create(admin, { organization: "o", name: "hello" }, "first");
  const outcomes = await Promise.allSettled(["a", "b"].map((document) => store.update(admin, record, document)));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(store.get("o", "hello").document).toBe("a");
});

test("who asks for the latest version gets the one that is being written", async () => {
  const store = await newStore();
  const record = await store.create(admin, { organization: "o", name: "hello" }, "first");
  const ready = store.update(admin, record, "ready");
  const latest = await store.latest("o", "hello");
  expect(latest.document).toBe("ready");
  await store.update(admin, latest, "second");
  await ready;
  expect(store.get("o", "hello")).toMatchObject({ document: "second", generation: 3 });
});

test("the latest version is the one before when the write that was under way fails", async () => {
  const store = await newStore();
  const record = await store.create(admin, { organization: "o", name: "hello" }, "first");
  const failing = store.update(admin, record, "broken", [broken({})]);
  const latest = store.latest("o", "hello");
  await expect(failing).rejects.toThrow();
  expect((await latest).document).toBe("first");
});

test("there is no latest version of what is not there", async () => {
  const store = await newStore();
  await expect(store.latest("o", "nobody")).rejects.toMatchObject({ code: 404 });
});

test("what the server notes of a version is dropped once that was replaced or removed, and told when it is not", async () => {
  const store = await newStore();
  const record = await store.create(admin, { organization: "o", name: "hello" }, "first");
  const second = store.update(admin, record, "second");
  expect(await store.note(record, "first is ready")).toBeUndefined();
  expect(store.get("o", "hello").document).toBe("second");
  const current = await second;
  expect(await store.note(current, "second is ready")).toMatchObject({ document: "second is ready" });
  const ready = store.get("o", "hello");
  const removed = store.remove(admin, ready);
  expect(await store.note(ready, "gone")).toBeUndefined();
  await removed;
  expect(store.find("o", "hello")).toBeUndefined();
});

test("a note that cannot be written for another reason fails", async () => {
  const store = await newStore();
  const record = await store.create(admin, { organization: "o", name: "hello" }, "first");
  await expect(store.note(record, "ready", [broken({})])).rejects.toThrow();
});
