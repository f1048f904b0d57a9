/** When clocks went off, by the log of events in a real database, and when they will, by the built-in clocks themselves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { clockOf } from "../../adapters/programs/clocks.ts";
import { findImage } from "../../adapters/programs/images.ts";
import { readEvent } from "../cloud-events/cloud-event.ts";
import { iam } from "../iam/authorize.ts";
import type { Database, Programs } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import { DriverFleet } from "./driver-fleet.ts";
import { DriverTypes } from "./driver-types.ts";
import { Drivers } from "./drivers.ts";
import { keepEvent } from "./event-log.ts";
import { notedPrograms } from "./programs.fixture.ts";
import type { Schedule } from "./schedule-contract.ts";
import { Schedules } from "./schedules.ts";

const home = "dispatch-server";
const admin: Principal = { kind: "administrator", id: "admin", organization: "", via: "rest" };

let folder: string;
let database: Database;
let drivers: Drivers;
let types: DriverTypes;
let schedules: Schedules;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "schedules-"));
  database = await openSqlite(join(folder, "test.db"));
  const ports = { database, feed: new ChangeFeed(), iam, log: { warn: () => {} } };
  types = new DriverTypes(ports);
  const clock: Programs["clock"] = (image, config) => {
    const found = findImage(image, "", false);
    return found.kind === "built-in" ? clockOf(found.name, config) : undefined;
  };
  const programs = { ...notedPrograms(), clock };
  const fleet = new DriverFleet({ programs, network: "none", endpoint: "127.0.0.1:8080" });
  drivers = new Drivers({ ...ports, fleet, secrets: { use: async () => ({ values: {}, masks: [] }) } }, types);
  schedules = new Schedules({ database, drivers });
  for (const organization of [home, "other"]) {
    await types.create(admin, organization, { name: "cron", image: "dispatchframework/dispatch-events-cron:0.0.1" });
    await types.create(admin, organization, { name: "own", image: "/opt/own" });
  }
});

afterEach(async () => {
  await drivers.stop();
  await database.close();
  await rm(folder, { recursive: true });
});

function make(name: string, cron: string, organization = home): Promise<unknown> {
  const config = [
    { key: "cron", value: cron },
    { key: "timezone", value: "UTC" },
  ];
  return drivers.create(admin, organization, { name, type: cron === "" ? "own" : "cron", config });
}

function pushed(driver: string, eventType: string, eventTime: string, data = "null", organization = home) {
  const body = { cloudEventsVersion: "0.1", eventType, source: "s", eventID: eventTime, eventTime };
  const text = JSON.stringify(body).replace(/\}$/, `,"data":${data}}`);
  return database.commit([keepEvent(organization, readEvent(body, text), driver)]);
}

async function all(organization = home): Promise<Schedule[]> {
  const found: Schedule[] = [];
  for await (const part of schedules.list(admin, organization).parts())
    found.push(...part.map(({ resource }) => resource));
  return found;
}

const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);

test("a clock shows its next five times and its last five, those that it missed as one", async () => {
  await make("nightly", "0 0 2 * * *");
  await make("broken", "0 0 0 31 2 *");
  await make("program", "");
  for (const hour of ["02", "03", "04", "05", "06"])
    await pushed("nightly", "cron.trigger", `2026-03-01T${hour}:00:00Z`);
  const missed = '{"count":3,"first":"2026-03-01T07:00:00Z","last":"2026-03-01T09:00:00Z"}';
  await pushed("nightly", "cron.missed", "2026-03-01T10:00:00Z", missed);
  await pushed("nightly", "cron.trigger", "2026-03-01T08:00:00Z", missed, "other");
  await pushed("another", "cron.trigger", "2026-03-01T08:00:00Z");
  await drivers.idle();

  const [broken, nightly, ...rest] = await all();
  expect(rest).toEqual([]);
  expect(broken).toMatchObject({ name: "broken", next: [], last: [], reason: expect.stringContaining("never comes") });
  expect(nightly).toMatchObject({ expression: "0 0 2 * * *", timeZone: "UTC", type: "cron", status: "CREATING" });
  const next = nightly?.next ?? [];
  expect(next).toHaveLength(5);
  expect(next[0]).toBeGreaterThan(Date.now());
  expect(next.every((time) => new Date(time).toISOString().endsWith("T02:00:00.000Z"))).toBe(true);
  expect(nightly?.last).toEqual([
    { time: at("07:00:00"), until: at("09:00:00"), count: 3, status: "MISSED", ...place },
    ...["06", "05", "04", "03"].map((hour) => ({ time: at(`${hour}:00:00`), status: "FIRED", ...place })),
  ]);
});

const place = { event: expect.stringMatching(/^\d+$/), receivedTime: expect.any(Number) };

test("a clock of the same name that is made anew has not gone off yet, and nobody sees another organization's", async () => {
  await make("nightly", "@hourly");
  await pushed("nightly", "cron.trigger", "2026-03-01T02:00:00Z");
  expect((await schedules.get(admin, home, "nightly")).last).toHaveLength(1);
  await drivers.delete(admin, home, "nightly");
  await make("nightly", "@hourly");
  expect((await schedules.get(admin, home, "nightly")).last).toEqual([]);
  expect(await all("other")).toEqual([]);
  const stranger: Principal = { kind: "service-account", id: "a", organization: "other", via: "rest" };
  expect(() => schedules.list(stranger, home)).toThrow();
});

test("what is no clock has no schedule, and whatever a clock's token was used for makes no nonsense of it", async () => {
  await make("program", "");
  expect(() => schedules.get(admin, home, "program")).toThrow("schedule program not found");
  expect(() => schedules.get(admin, home, "nosuch")).toThrow("event driver nosuch not found");
  await make("odd", "@hourly");
  for (const data of ['"text"', '{"count":"x"}', "[]", "7"])
    await pushed("odd", "cron.missed", "2026-03-01T02:00:00Z", data);
  await pushed("odd", "cron.missed", "2026-03-01T02:00:00Z", "null");
  expect((await schedules.get(admin, home, "odd")).last.map(({ status, time }) => [status, time])).toEqual(
    Array(5).fill(["FIRED", at("02:00:00")]),
  );
});
