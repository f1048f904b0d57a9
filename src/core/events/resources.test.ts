/** Subscriptions, driver types and drivers on a real database. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { iam } from "../iam/authorize.ts";
import type { Database } from "../shared/ports.ts";
import { BY_ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import type { Driver } from "./contract.ts";
import { DriverTypes } from "./driver-types.ts";
import { Drivers } from "./drivers.ts";
import { Subscriptions } from "./subscriptions.ts";

const home = "dispatch-server";
const admin: Principal = { kind: "administrator", id: "admin", organization: "", via: "rest" };
const run: Principal = { kind: "function", id: "r", organization: home, via: "door", people: BY_ADMINISTRATOR };

let folder: string;
let database: Database;
let subscriptions: Subscriptions;
let types: DriverTypes;
let drivers: Drivers;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "events-"));
  database = await openSqlite(join(folder, "test.db"));
  await start();
});

afterEach(async () => {
  await drivers.idle();
  await database.close();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const ports = { database, feed: new ChangeFeed(), iam, log: { warn: () => {} } };
  subscriptions = new Subscriptions(ports);
  types = new DriverTypes(ports);
  drivers = new Drivers(ports, types);
  await Promise.all([subscriptions.load(), types.load(), drivers.load()]);
}

async function createDriver(given: Partial<Driver> = {}): Promise<Driver> {
  await types.create(admin, home, { name: "ticker", image: "dispatchframework/ticker:0.0.2", expose: true });
  return drivers.create(admin, home, { name: "tick1", type: "ticker", ...given });
}

describe("a subscription", () => {
  const body = { name: "s", eventType: "vm.*", function: "f", secrets: ["mail,web"] };

  test("looks on the wire as it always did, and names each deed", async () => {
    const created = await subscriptions.create(admin, home, body);
    expect(Object.entries(created)).toEqual([
      ["createdTime", expect.any(Number)],
      ["eventType", "vm.*"],
      ["function", "f"],
      ["kind", "Subscription"],
      ["modifiedTime", expect.any(Number)],
      ["name", "s"],
      ["secrets", ["mail", "web"]],
      ["status", "CREATING"],
      ["tags", null],
    ]);
    expect(subscriptions.get(admin, home, "s").status).toBe("READY");
    expect((await subscriptions.update(admin, home, "s", body)).status).toBe("UPDATING");
    expect((await subscriptions.delete(admin, home, "s")).status).toBe("DELETING");
    expect(() => subscriptions.get(admin, home, "s")).toThrow("subscription s not found");
  });

  test("is found by the types that it covers, in its own organization, also after a restart", async () => {
    await subscriptions.create(admin, home, body);
    await start();
    const names = (organization: string, type: string) => subscriptions.of(organization, type).map(({ name }) => name);
    expect(names(home, "vm.deployed")).toEqual(["s"]);
    expect(names(home, "vm")).toEqual([]);
    expect(names("other", "vm.deployed")).toEqual([]);
  });

  test("hands out secrets only for those who may use them", async () => {
    const stranger = { ...run, organization: "other" };
    await expect(subscriptions.create(stranger, home, body)).rejects.toThrow("belongs to organization other");
  });
});

describe("a driver type", () => {
  test("keeps its configuration as a map: a key that comes twice counts once, with its last value", async () => {
    const config = [
      { key: "a", value: "1" },
      { key: "b", value: "" },
      { key: "a", value: "2" },
    ];
    const created = await types.create(admin, home, { name: "t", image: "i", config });
    expect(Object.entries(created)).toEqual([
      [
        "config",
        [
          { key: "a", value: "2" },
          { key: "b", value: "" },
        ],
      ],
      ["created-time", expect.any(Number)],
      ["image", "i"],
      ["expose", false],
      ["kind", "DriverType"],
      ["modified-time", expect.any(Number)],
      ["name", "t"],
      ["tags", null],
    ]);
    expect((await types.update(admin, home, "t", { name: "t", image: "i", config: [] })).config).toBeNull();
    await types.delete(admin, home, "t");
    expect(types.list(admin, home)).toEqual([]);
  });
});

describe("a driver", () => {
  test("of a type that does not exist is refused", async () => {
    await expect(drivers.create(admin, home, { name: "d", type: "nosuch" })).rejects.toThrow(
      "bad request when processing event driver d: driver type nosuch does not exist",
    );
  });

  test("begins with what was sent and ends in ERROR, which says that nobody runs it", async () => {
    const created = await createDriver({ reason: ["before"], url: "http://u" });
    expect(Object.entries(created)).toEqual([
      ["config", null],
      ["created-time", expect.any(Number)],
      ["kind", "Driver"],
      ["modified-time", expect.any(Number)],
      ["name", "tick1"],
      ["reason", ["before"]],
      ["secrets", null],
      ["expose", true],
      ["url", "http://u"],
      ["status", "CREATING"],
      ["tags", null],
      ["type", "ticker"],
    ]);
    await drivers.idle();
    const { status, reason } = drivers.get(admin, home, "tick1");
    expect([status, reason]).toEqual(["ERROR", [expect.stringMatching(/^event drivers are not run by this version/)]]);
  });

  test("keeps over an update what it copied from its type, even when that is gone", async () => {
    await createDriver();
    await drivers.idle();
    await types.delete(admin, home, "ticker");
    const updated = await drivers.update(admin, home, "tick1", { name: "tick1", type: "ticker", expose: false });
    expect([updated.status, updated.expose]).toEqual(["UPDATING", true]);
    await drivers.idle();
    expect(drivers.get(admin, home, "tick1").reason).toEqual([
      expect.stringMatching(/^error deploying container during update: event drivers/),
    ]);
    await expect(drivers.update(admin, home, "tick1", { name: "tick1", type: "other" })).rejects.toThrow(
      "driver type other does not exist",
    );
  });

  test("that a stop interrupted is taken up again", async () => {
    await createDriver();
    await drivers.idle();
    const interrupt = statement((query) =>
      query
        .updateTable("resources")
        .set({ document: sql<string>`replace(document, '"status":"ERROR"', '"status":"CREATING"')` }),
    );
    await database.commit([interrupt({})]);
    await start();
    expect(drivers.get(admin, home, "tick1").status).toBe("CREATING");
    await drivers.idle();
    expect(drivers.get(admin, home, "tick1").status).toBe("ERROR");
  });

  test("is known by its newest token, until it is deleted; the database holds no token", async () => {
    await createDriver();
    await drivers.idle();
    const first = await drivers.issueToken(admin, home, "tick1");
    const second = await drivers.issueToken(admin, home, "tick1");
    expect(drivers.byToken(first)).toBeUndefined();
    expect(drivers.byToken(second)).toMatchObject({ organization: home, name: "tick1" });
    const rows = await database.query.selectFrom("resources").select("document").execute();
    expect(JSON.stringify(rows)).not.toContain(second);
    await drivers.delete(admin, home, "tick1");
    expect(drivers.byToken(second)).toBeUndefined();
  });
});
