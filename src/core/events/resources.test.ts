/** Subscriptions, driver types and drivers on a real database. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { iam } from "../iam/authorize.ts";
import { DispatchError } from "../shared/errors.ts";
import { SecretMask } from "../shared/mask/mask.ts";
import type { Database } from "../shared/ports.ts";
import { BY_ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import type { Driver } from "./contract.ts";
import { DriverFleet } from "./driver-fleet.ts";
import { DriverTypes } from "./driver-types.ts";
import { Drivers } from "./drivers.ts";
import { type NotedPrograms, notedPrograms } from "./programs.fixture.ts";
import { Subscriptions } from "./subscriptions.ts";

const home = "dispatch-server";
const admin: Principal = { kind: "administrator", id: "admin", organization: "", via: "rest" };
const run: Principal = { kind: "function", id: "r", organization: home, via: "door", people: BY_ADMINISTRATOR };

let folder: string;
let database: Database;
let subscriptions: Subscriptions;
let types: DriverTypes;
let drivers: Drivers;
let programs: NotedPrograms;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "events-"));
  database = await openSqlite(join(folder, "test.db"));
  await start();
});

afterEach(async () => {
  await drivers.stop();
  await database.close();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const ports = { database, feed: new ChangeFeed(), iam, log: { warn: () => {} } };
  subscriptions = new Subscriptions(ports);
  types = new DriverTypes(ports);
  programs = notedPrograms();
  const fleet = new DriverFleet({ programs, network: "none", endpoint: "127.0.0.1:8080" });
  drivers = new Drivers({ ...ports, fleet, secrets: { use } }, types);
  await Promise.all([subscriptions.load(), types.load(), drivers.load()]);
}

/** One secret is there. */
async function use(_: string, names: readonly string[]) {
  if (names.some((name) => name !== "vsphere"))
    throw new DispatchError("NOT_FOUND", { kind: "secret", name: "nosuch" });
  const values = { host: "vc.example", "user-name": "u", password: "pa55word" };
  return { values, masks: [new SecretMask(values)] };
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
    expect((await subscriptions.get(admin, home, "s")).status).toBe("READY");
    expect((await subscriptions.update(admin, home, "s", body)).status).toBe("UPDATING");
    expect((await subscriptions.delete(admin, home, "s"))?.status).toBe("DELETING");
    await expect(subscriptions.get(admin, home, "s")).rejects.toThrow("subscription s not found");
  });

  test("is found by the types that it covers, in its own organization, also after a restart", async () => {
    await subscriptions.create(admin, home, body);
    await start();
    const names = (organization: string, type: string) =>
      subscriptions.of(organization, type, () => undefined).map(({ name }) => name);
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
    expect(await Array.fromAsync(types.list(admin, home).parts())).toEqual([]);
  });
});

describe("a driver", () => {
  /** How many programs have been started so far. */
  const starts = (count: number) => expect.poll(() => programs.started.length).toBe(count);

  const state = async () => {
    const { status, reason } = await drivers.get(admin, home, "tick1");
    return [status, reason];
  };

  test("of a type that does not exist is refused", async () => {
    await expect(drivers.create(admin, home, { name: "d", type: "nosuch" })).rejects.toThrow(
      "bad request when processing event driver d: driver type nosuch does not exist",
    );
  });

  test("begins with what was sent, and is READY when its program has said hello", async () => {
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
    expect(await state()).toEqual(["CREATING", ["before"]]);
    expect(drivers.atDoor("driver dispatch-server/other")).toBeUndefined();
    expect(drivers.atDoor("driver dispatch-server/tick1")).toMatchObject({ kind: "driver", id: "tick1" });
    await drivers.idle();
    expect(await state()).toEqual(["READY", null]);
  });

  test("gets its configuration as arguments, its secrets and a token as environment", async () => {
    await createDriver({ config: [{ key: "seconds", value: "2" }, { key: "debug" }], secrets: ["vsphere"] });
    await starts(1);
    const spec = programs.started[0]?.spec;
    expect(spec?.args).toEqual(["--seconds=2", "--debug", "--dispatch-api-endpoint=127.0.0.1:8080"]);
    const { AUTH_TOKEN: token = "", DISPATCH_SINCE: since = "", ...rest } = spec?.environment ?? {};
    expect(rest).toEqual({ HOST: "vc.example", USER_NAME: "u", PASSWORD: "pa55word" });
    expect(new Date(since).toISOString()).toBe(since);
    expect(drivers.byToken(token)).toMatchObject({ kind: "driver", id: "tick1" });
    await drivers.idle();
    expect(await state()).toEqual(["READY", null]);
  });

  test("whose program ends is in ERROR with its last words, and is started again; its log hides secrets", async () => {
    await createDriver({ secrets: ["vsphere"] });
    await starts(1);
    programs.started[0]?.spec.log("stderr", "cannot log in with pa55word");
    programs.started[0]?.end("exit code 3");
    await expect.poll(state).toEqual(["ERROR", ["the driver ended (exit code 3): cannot log in with ***"]]);
    await expect.poll(() => programs.started.length, { timeout: 3000 }).toBe(2);
    drivers.atDoor("driver dispatch-server/tick1");
    await expect.poll(state).toEqual(["READY", null]);
    const log = drivers.log(admin, home, "tick1", 0);
    expect(log.map(({ number, stream, text }) => [number, stream, text])).toEqual([
      [1, "stderr", "cannot log in with ***"],
      [2, "server", expect.stringMatching(/^the driver ended \(exit code 3\); next start in/)],
    ]);
    expect(drivers.log(admin, home, "tick1", 1)).toHaveLength(1);
  });

  test("counts its events that are refused, in its state and its log, over a new start of its program", async () => {
    await createDriver({ secrets: ["vsphere"] });
    await starts(1);
    const token = programs.started[0]?.spec.environment.AUTH_TOKEN ?? "";
    drivers.refused("another", "not counted");
    drivers.refused(token, "too long");
    drivers.byToken(token);
    const once = ["READY", ["one of its events was refused: too long"]];
    await expect.poll(state).toEqual(once);
    drivers.refused(token, "the host pa55word is no type");
    programs.started[0]?.end("exit code 3");
    await expect.poll(() => programs.started.length, { timeout: 20_000 }).toBe(2);
    drivers.atDoor("driver dispatch-server/tick1");
    const twice = ["READY", ["2 of its events were refused, the last one: the host *** is no type"]];
    await expect.poll(state, { timeout: 20_000 }).toEqual(twice);
    expect(drivers.log(admin, home, "tick1", 0)[0]).toMatchObject({
      ...{ stream: "server", text: "one of its events was refused: too long" },
    });
    await drivers.update(admin, home, "tick1", { name: "tick1", type: "ticker" });
    await starts(3);
    drivers.atDoor("driver dispatch-server/tick1");
    await expect.poll(state, { timeout: 20_000 }).toEqual(["READY", null]);
  });

  test("whose image cannot be had says so as one that is refused, and is tried again", async () => {
    programs.without("late/image:1");
    await types.create(admin, home, { name: "late", image: "late/image:1" });
    await drivers.create(admin, home, { name: "late1", type: "late" });
    const late = async () => {
      const { status, reason } = await drivers.get(admin, home, "late1");
      return [status, reason];
    };
    const reason = "err pulling image late/image:1: no registry has it";
    await expect.poll(late).toEqual(["ERROR", [reason, reason]]);
    programs.without(undefined);
    await expect.poll(() => programs.started.length, { timeout: 20_000 }).toBe(1);
    drivers.atDoor("driver dispatch-server/late1");
    await expect.poll(late).toEqual(["READY", null]);
  });

  test("of an image or with a secret that is not there says so, twice", async () => {
    await types.create(admin, home, { name: "far", image: "foreign/image:1" });
    await drivers.create(admin, home, { name: "far1", type: "far" });
    await createDriver({ secrets: ["nosuch"] });
    await drivers.idle();
    const reason = "err pulling image foreign/image:1: it is foreign";
    expect(await drivers.get(admin, home, "far1")).toMatchObject({ status: "ERROR", reason: [reason, reason] });
    expect(await state()).toEqual([
      "ERROR",
      [
        "err getting secrets of driver dispatchframework/ticker:0.0.2: secret nosuch not found",
        "secret nosuch not found",
      ],
    ]);
  });

  test("keeps over an update what it copied from its type, even when that is gone; its program is replaced", async () => {
    await createDriver();
    await starts(1);
    await types.delete(admin, home, "ticker");
    const config = [{ key: "seconds", value: "9" }];
    const updated = await drivers.update(admin, home, "tick1", {
      name: "tick1",
      type: "ticker",
      expose: false,
      config,
    });
    expect([updated.status, updated.expose]).toEqual(["UPDATING", true]);
    await starts(2);
    expect(programs.started.map(({ stopped, spec }) => [stopped, spec.args[0]])).toEqual([
      [true, "--dispatch-api-endpoint=127.0.0.1:8080"],
      [false, "--seconds=9"],
    ]);
    await expect(drivers.update(admin, home, "tick1", { name: "tick1", type: "other" })).rejects.toThrow(
      "driver type other does not exist",
    );
  });

  test("that is deleted ends, and so does its token", async () => {
    await createDriver();
    await starts(1);
    const token = programs.started[0]?.spec.environment.AUTH_TOKEN ?? "";
    expect((await drivers.delete(admin, home, "tick1"))?.status).toBe("DELETING");
    await drivers.idle();
    expect(programs.started[0]?.stopped).toBe(true);
    expect(drivers.byToken(token)).toBeUndefined();
  });

  test("starts again with the server", async () => {
    await createDriver();
    await starts(1);
    await drivers.stop();
    expect(programs.started[0]?.stopped).toBe(true);
    await start();
    drivers.start();
    await starts(1);
    expect((await drivers.get(admin, home, "tick1")).status).toBe("CREATING");
  });

  test("is known by its newest token, until it is deleted; the database holds no token", async () => {
    await createDriver();
    await drivers.idle();
    const first = await drivers.issueToken(admin, home, "tick1");
    const second = await drivers.issueToken(admin, home, "tick1");
    expect(drivers.byToken(first)).toBeUndefined();
    expect(drivers.byToken(second)).toMatchObject({ organization: home, id: "tick1" });
    const rows = await database.query.selectFrom("resources").select("document").execute();
    expect(JSON.stringify(rows)).not.toContain(second);
    await drivers.delete(admin, home, "tick1");
    expect(drivers.byToken(second)).toBeUndefined();
  });
});
