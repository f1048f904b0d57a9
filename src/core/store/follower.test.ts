import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import { type Change, ChangeFeed } from "./change-feed.ts";
import { ChangeReader, latestChange } from "./change-reader.ts";
import { Follower } from "./follower.ts";
import { ResourceStore } from "./resource-store.ts";

const admin: Principal = { kind: "administrator", id: "administrator", organization: "o", via: "rest" };

async function newDatabase(): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-follower-"));
  const database = await openSqlite(join(folder, "test.db"));
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  return database;
}

/** What one server holds of a database that others write, too. */
class Server {
  readonly heard: string[] = [];
  readonly store: ResourceStore<string>;
  readonly follower: Follower;

  private constructor(database: Database) {
    const feed = new ChangeFeed();
    feed.subscribe("Function", ({ name, generation }: Change) => this.heard.push(`${name} ${generation}`));
    this.store = new ResourceStore<string>({ kind: "Function", word: "function" }, database, feed);
    const log = { warn: (details: object) => this.heard.push(JSON.stringify(details)) };
    this.follower = new Follower({ database, feed, log });
  }

  static async open(database: Database): Promise<Server> {
    const server = new Server(database);
    await server.follower.mark();
    await server.store.load();
    return server;
  }

  get names(): string[] {
    return this.store.list("o").map(({ name, document }) => `${name}: ${document}`);
  }
}

const dropChanges = statement((database, { until }: { until: number }) =>
  database.deleteFrom("changes").where("sequence", "<=", until),
);

test("what one server writes arrives at the other, in order and once, and what it wrote itself is not told again", async () => {
  const database = await newDatabase();
  const [one, other] = [await Server.open(database), await Server.open(database)];
  const hello = await one.store.create(admin, { organization: "o", name: "hello" }, "first");
  await other.store.create(admin, { organization: "o", name: "echo" }, "first");
  await one.store.update(admin, hello, "second");
  await Promise.all([one.follower.catchUp(), other.follower.catchUp()]);
  expect(one.heard).toEqual(["hello 1", "hello 2", "echo 1"]);
  expect(other.heard).toEqual(["echo 1", "hello 1"]);
  expect(other.names).toEqual(one.names);
  expect(other.names).toEqual(["echo: first", "hello: second"]);
  await other.store.remove(admin, other.store.get("o", "hello"));
  await one.follower.catchUp();
  expect(one.heard.at(-1)).toBe("hello 0");
  expect(one.names).toEqual(["echo: first"]);
  await other.follower.catchUp();
  expect(other.heard.filter((line) => line === "hello 0")).toHaveLength(1);
});

test("a server for which changes were dropped reads everything anew and says what changed", async () => {
  const database = await newDatabase();
  const [one, other] = [await Server.open(database), await Server.open(database)];
  const hello = await one.store.create(admin, { organization: "o", name: "hello" }, "first");
  const gone = await one.store.create(admin, { organization: "o", name: "gone" }, "first");
  await other.follower.catchUp();
  await one.store.remove(admin, gone);
  await one.store.update(admin, hello, "second");
  await one.store.create(admin, { organization: "o", name: "late" }, "first");
  await database.commit([dropChanges({ until: (await latestChange(database)) - 1 })]);
  await other.follower.catchUp();
  expect(other.heard.slice(2).sort()).toEqual(["gone 0", "hello 2", "late 1"]);
  expect(other.names).toEqual(one.names);
});

test("a reader goes on where the one before left off, and each of two has its own place", async () => {
  const database = await newDatabase();
  const server = await Server.open(database);
  const first = new ChangeReader(database, 0);
  await server.store.create(admin, { organization: "o", name: "a" }, "first");
  const namesOf = async (reader: ChangeReader) => (await reader.read(["Function"])).changes.map(({ name }) => name);
  expect(await namesOf(first)).toEqual(["a"]);
  const resumed = new ChangeReader(database, first.position);
  await server.store.create(admin, { organization: "o", name: "b" }, "first");
  expect(await namesOf(resumed)).toEqual(["b"]);
  expect(await namesOf(resumed)).toEqual([]);
  expect(await namesOf(first)).toEqual(["b"]);
  expect(await namesOf(new ChangeReader(database, 0))).toEqual(["a", "b"]);
});
