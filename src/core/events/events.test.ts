/** Emission and delivery: real subscriptions and drivers, runs that are only noted. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { type CloudEvent, contextEvent } from "../cloud-events/cloud-event.ts";
import { iam } from "../iam/authorize.ts";
import type { Beginning } from "../runs/beginning.ts";
import type { RunRecord } from "../runs/record.ts";
import type { RunRequest } from "../runs/request.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Database } from "../shared/ports.ts";
import { BY_ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import { DeadLetters } from "../work/dead-letters.ts";
import { WorkQueue } from "../work/queue.ts";
import type { Subscription } from "./contract.ts";
import { Deliveries } from "./deliveries.ts";
import { endOfRun, listDeliveries } from "./delivery-log.ts";
import { DriverFleet } from "./driver-fleet.ts";
import { DriverTypes } from "./driver-types.ts";
import { Drivers } from "./drivers.ts";
import type { Emission } from "./emission-contract.ts";
import { eventsBefore } from "./event-log.ts";
import { Events } from "./events.ts";
import { notedPrograms } from "./programs.fixture.ts";
import { Subscriptions } from "./subscriptions.ts";

const home = "dispatch-server";
const admin: Principal = { kind: "administrator", id: "admin", organization: "", via: "rest" };
const event = { cloudEventsVersion: "0.1", eventType: "vm.deployed", source: "test", eventID: "e-1" };

const anonymous: Principal = { kind: "anonymous", id: "anonymous", organization: "", via: "rest" };
/** For slow machines. */
const PATIENT = { timeout: 20_000 };
let folder: string;
let database: Database;
let subscriptions: Subscriptions;
let drivers: Drivers;
let types: DriverTypes;
let events: Events;
let started: RunRequest[];
/** Of those that began with their events: what has been written to a worker. */
let written: RunRequest[];
let deliveries: Deliveries;
let queue: WorkQueue;
let outcomes: Partial<RunRecord>[];
let warnings: string[];
let fault: Error | undefined;
let exists: boolean;
let bound: number;
let isFull: () => boolean;
let endless: boolean;
let going: (() => void)[];
let ended: Map<string, RunRecord>;
/** A worker is free, so that runs begin with the unit of their event. */
let warm: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "events-"));
  database = await openSqlite(join(folder, "test.db"));
  started = [];
  written = [];
  warnings = [];
  fault = undefined;
  exists = false;
  bound = 3;
  isFull = () => false;
  endless = false;
  going = [];
  ended = new Map();
  warm = false;
  outcomes = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const ports = { database, feed: new ChangeFeed(), iam, log };
  subscriptions = new Subscriptions(ports);
  types = new DriverTypes(ports);
  const fleet = new DriverFleet({ programs: notedPrograms(), network: "none", endpoint: "127.0.0.1:8080" });
  drivers = new Drivers({ ...ports, fleet, secrets: { use: async () => ({ values: {}, masks: [] }) } }, types);
  deliveries = new Deliveries({
    database,
    subscriptions,
    runs: { create: note, begin: beginWarm, endLost: async () => false, find: outcome, ended: outcome },
    carry: (job, doing) => queue.carry(job, doing),
    wake: () => queue.wake("delivery"),
    log,
    server: "me",
    get mostWaiting() {
      return bound;
    },
  });
  queue = new WorkQueue({ database, owner: "me", log });
  await queue.prepare({ delivery: deliveries.perform });
  queue.open();
  events = new Events({
    ...ports,
    subscriptions,
    drivers,
    deliveries,
    heard: () => {},
    wake: () => queue.wake("delivery"),
  });
});

afterEach(async () => {
  await drivers.stop();
  await queue.close();
  await database.close();
  await rm(folder, { recursive: true });
});

/** How a run of this id ends: well, unless a test says otherwise. */
async function outcome(_: string, id: string): Promise<RunRecord> {
  if (endless) await new Promise<void>((resolve) => going.push(resolve));
  const run = ended.get(id) ?? ({ id, status: "READY", finished: 1n, ...outcomes.shift() } as RunRecord);
  ended.set(id, run);
  // As the unit that ends a run does.
  await database.commit(endOfRun({ ...run, organization: home }, "me"));
  return run;
}

async function waiting(): Promise<number> {
  return (await database.query.selectFrom("work").select("id").where("kind", "=", "delivery").execute()).length;
}

function endRuns(): void {
  for (const end of going.splice(0)) end();
}

async function note(_: Principal, request: RunRequest): Promise<{ id: string }> {
  if (request.functionName === "nosuch" && !exists)
    throw new DispatchError("NOT_FOUND", { kind: "function", name: "nosuch" });
  if (isFull()) throw new DispatchError("OVERLOADED", { name: "f" });
  if (fault !== undefined) {
    const error = fault;
    fault = undefined;
    throw error;
  }
  started.push(request);
  const id = `run-${started.length}`;
  await database.commit(request.together?.(id) ?? []);
  return { id };
}

function beginWarm(_: Principal, request: RunRequest): Beginning | undefined {
  if (!warm) return undefined;
  const id = randomUUID();
  return { id, unit: [], committed: () => begun(request), failed: () => {} };
}

/** As a pool does: microtasks hand the run to its worker, and what was sent in a turn of the event loop is written at its end. */
async function begun(request: RunRequest): Promise<void> {
  started.push(request);
  await undefined;
  await undefined;
  setImmediate(() => written.push(request));
}

function subscribe(
  name: string,
  eventType: string,
  functionName: string,
  more: Partial<Subscription> = {},
): Promise<unknown> {
  return subscriptions.create(admin, home, { name, eventType, function: functionName, ...more });
}

function emit(fields: Partial<Emission> = {}, dataText = "null"): Promise<string> {
  const text = JSON.stringify({ ...event, ...fields }).replace(/\}$/, `,"data":${dataText}}`);
  return events.emit(admin, home, { ...event, ...fields }, text);
}

describe("an event", () => {
  test("starts one run for each matching subscription, with its data as input exactly as sent", async () => {
    await subscribe("one", "vm.deployed", "f");
    await subscribe("all", "vm.>", "g", { secrets: ["mail"] });
    await subscribe("not", "vm.deleted", "h");
    await emit({}, '{"n": 12345678901234567890, "x": 1.0}');
    const delivered = started.map(({ functionName, input, blocking, secrets }) => [
      functionName,
      input,
      blocking,
      secrets,
    ]);
    const data = '{"n": 12345678901234567890, "x": 1.0}';
    expect(delivered.sort()).toEqual([
      ["f", data, false, undefined],
      ["g", data, false, ["mail"]],
    ]);
  });

  test("stands in the run without its data, and shows functions the names of 0.1 and 1.0", async () => {
    await subscribe("one", "vm.deployed", "f");
    await emit({ eventTime: "2026-01-02T03:00:00+01:00", contentType: "application/json" }, '{"a":1}');
    const kept = started[0]?.event ?? "";
    expect(kept).toBe(
      '{"eventType":"vm.deployed","cloudEventsVersion":"0.1","source":"test","eventID":"e-1","eventTime":"2026-01-02T02:00:00.000Z","contentType":"application/json","data":null}',
    );
    expect(JSON.parse(contextEvent(kept))).toEqual({
      ...event,
      eventTime: "2026-01-02T02:00:00.000Z",
      contentType: "application/json",
      data: null,
      specversion: "1.0",
      type: "vm.deployed",
      id: "e-1",
      time: "2026-01-02T02:00:00.000Z",
      datacontenttype: "application/json",
    });
  });

  test("is echoed with its extensions and with what an emission has besides", async () => {
    const id = "0b6f7c1e-02c5-4f57-8f5a-2f2f2f2f2f2f";
    const answer = await emit({ extensions: { a: 1 }, id, tags: [{ key: "k", value: "v" }] }, "[1.0]");
    expect(answer).toBe(
      `{"eventType":"vm.deployed","cloudEventsVersion":"0.1","source":"test","eventID":"e-1","eventTime":"0001-01-01T00:00:00.000Z","extensions":{"a":1},"data":[1.0],"id":"${id}","tags":[{"key":"k","value":"v"}]}`,
    );
  });

  test("that one function cannot take reaches the others all the same, and the log says who missed it", async () => {
    await subscribe("bad", "vm.deployed", "nosuch");
    await subscribe("good", "vm.deployed", "f");
    await emit();
    expect(started.map(({ functionName }) => functionName)).toEqual(["f"]);
    expect(warnings).toEqual(["the events of subscription bad wait: function nosuch not found"]);
  });

  test("waits for a function that does not exist, and starts when there is one", async () => {
    await subscribe("early", "vm.deployed", "nosuch");
    await emit();
    exists = true;
    deliveries.functionChanged(home, "nosuch");
    await vi.waitFor(() => expect(started.map(({ functionName }) => functionName)).toEqual(["nosuch"]));
  });

  test("waits while its subscription is paused, and goes on in order", async () => {
    await subscribe("one", "vm.deployed", "f", { paused: true });
    for (const n of [1, 2, 3]) await emit({ eventID: `e-${n}` }, String(n));
    expect(started).toEqual([]);
    expect(await subscriptions.pause(admin, home, "one", false)).not.toHaveProperty("paused");
    deliveries.subscriptionChanged(home, "one");
    await vi.waitFor(() => expect(started.map(({ input }) => input)).toEqual(["1", "2", "3"]));
  });

  test("that comes when as many wait as may is a dead letter at once: told once, and nothing is lost", async () => {
    await subscribe("one", "vm.deployed", "f", { paused: true });
    await subscribe("other", "vm.deployed", "g");
    await Promise.all([1, 2, 3, 4, 5].map((n) => emit({ eventID: `e-${n}` }, String(n))));
    const refusal = "3 events wait for subscription one, as many as --max-waiting-events allows: it is paused";
    expect(warnings.filter((warning) => warning.includes("max-waiting"))).toEqual([
      `${refusal}. Those that come now are dead letters`,
    ]);
    const letters = new DeadLetters({ database, iam, wake: (kind) => queue.wake(kind) });
    const { letters: dead } = await letters.list(admin, home);
    expect(dead.map(({ attempts, error }) => [attempts, error])).toEqual(Array(2).fill([0, refusal]));
    const log = await listDeliveries(database, home, { subscription: "one", limit: 9 });
    expect(log.filter(({ status }) => status === "DEAD").map(({ error }) => error)).toEqual([refusal, refusal]);
    await vi.waitFor(() => expect(started.filter(({ functionName }) => functionName === "g")).toHaveLength(5), PATIENT);
    await subscriptions.pause(admin, home, "one", false);
    deliveries.subscriptionChanged(home, "one");
    for (const { name = "" } of dead) await letters.retry(admin, home, name);
    await emit({ eventID: "e-6" }, "6");
    const inputs = () => started.filter(({ functionName }) => functionName === "f").map(({ input }) => input);
    await vi.waitFor(() => expect(inputs().toSorted()).toEqual(["1", "2", "3", "4", "5", "6"]), PATIENT);
  });

  test("starts while the run of the one before goes on, up to as many as its subscription allows", async () => {
    await subscribe("two", "vm.deployed", "f", { concurrency: 2 });
    endless = true;
    for (const n of [1, 2, 3]) await emit({ eventID: `e-${n}` }, String(n));
    await vi.waitFor(() => expect(started.map(({ input }) => input)).toEqual(["1", "2"]));
    endRuns();
    await vi.waitFor(() => expect(started).toHaveLength(3));
    endRuns();
  });

  test("waits for the end of those with the same value of what they are ordered by, and for no others", async () => {
    await subscribe("by-vm", "vm.deployed", "f", { orderBy: "data.vm" });
    endless = true;
    for (const [n, vm] of ["a", "a", "b"].entries())
      await emit({ eventID: `e-${n}`, data: { vm } }, JSON.stringify({ vm, n }));
    await vi.waitFor(() => expect(started.map(({ input }) => input)).toEqual(['{"vm":"a","n":0}', '{"vm":"b","n":2}']));
    endRuns();
    await vi.waitFor(() => expect(started).toHaveLength(3));
    endRuns();
  });

  test("reaches those only whose filters it passes", async () => {
    await subscribe("mine", "vm.deployed", "f", { filters: [{ exact: { "data.team": "a" } }] });
    await subscribe("others", "vm.deployed", "g", { filters: [{ not: { exact: { "data.team": "a" } } }] });
    await emit({ data: { team: "a" } }, '{"team":"a"}');
    expect(started.map(({ functionName }) => functionName)).toEqual(["f"]);
  });

  test("whose run cannot be put on record now is delivered later", async () => {
    await subscribe("one", "vm.deployed", "f");
    fault = new Error("the disk is full");
    await emit();
    expect(started).toEqual([]);
    await vi.waitFor(() => expect(started).toHaveLength(1), { timeout: 10_000 });
  });

  test("is not acknowledged when it cannot be put on record itself", async () => {
    await subscribe("one", "vm.deployed", "f");
    const full: Database = { ...database, commit: () => Promise.reject(new Error("the disk is full")) };
    const failing = new Events({
      iam,
      subscriptions,
      drivers,
      deliveries,
      database: full,
      heard: () => {},
      wake: () => {},
    });
    await expect(failing.emit(admin, home, event, "{}")).rejects.toThrow(
      "internal server error when emitting an event",
    );
  });

  test("that comes twice is delivered once", async () => {
    await subscribe("one", "vm.deployed", "f");
    const answers = await Promise.all([emit(), emit(), emit()]);
    expect(new Set(answers).size).toBe(1);
    await emit({ eventID: "e-2" });
    await emit({ eventID: "e-2", source: "another" });
    await vi.waitFor(() => expect(started).toHaveLength(3));
  });

  test("that nobody has subscribed to stands in the log once, and goes to whoever has when it comes again", async () => {
    await Promise.all([emit(), emit()]);
    await subscribe("late", "vm.deployed", "f");
    await Promise.all([emit(), emit(), emit()]);
    await emit();
    await vi.waitFor(() => expect(started).toHaveLength(1), PATIENT);
    const kept = await eventsBefore(database, home, { before: undefined, since: undefined, limit: 5 });
    expect(kept).toHaveLength(1);
    expect(await database.query.selectFrom("deliveries").select("id").execute()).toHaveLength(1);
  });

  test("is repeated when its run fails, and those behind it wait where one runs at a time", async () => {
    await subscribe("one", "vm.deployed", "f", { concurrency: 1 });
    outcomes = [{ status: "ERROR", error: { type: "SystemError", message: "gone", stacktrace: null } }];
    await emit({}, "1");
    await emit({ eventID: "e-2" }, "2");
    await vi.waitFor(() => expect(started).toHaveLength(3), { timeout: 10_000 });
    expect(started.map(({ input }) => input)).toEqual(["1", "1", "2"]);
  });

  test("whose last attempt failed holds up nobody: the next one is acknowledged with its run on record", async () => {
    await subscribe("once", "vm.deployed", "f", { retries: 0 });
    outcomes = [{ status: "ERROR", error: { type: "SystemError", message: "gone", stacktrace: null } }];
    await emit();
    await vi.waitFor(() => expect(warnings).toEqual(["an event was not delivered: run run-1: gone"]), PATIENT);
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    const begun = performance.now();
    await emit({ eventID: "e-2" });
    // Whoever has waited for half a second waits no longer.
    expect(started.length === 2 || performance.now() - begun >= 499).toBe(true);
  });

  test("of many that wait starts in order, several at once, and each ends once", async () => {
    await subscribe("many", "vm.deployed", "f", { paused: true, concurrency: 4 });
    bound = 0;
    const sent = Array.from({ length: 23 }, (_, n) => String(n));
    for (const n of sent) await emit({ eventID: n }, n);
    await subscriptions.pause(admin, home, "many", false);
    deliveries.subscriptionChanged(home, "many");
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(started.map(({ input }) => input)).toEqual(sent);
    const log = await listDeliveries(database, home, { limit: 100 });
    expect(new Set(log.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(new Set(["DELIVERED 1"]));
  });

  test("for which there is no room is overtaken by none of those behind it", async () => {
    await subscribe("many", "vm.deployed", "f", { paused: true, concurrency: 4 });
    bound = 0;
    const sent = Array.from({ length: 12 }, (_, n) => String(n));
    for (const n of sent) await emit({ eventID: n }, n);
    let asked = 0;
    let refusing = false;
    isFull = () => {
      if (asked++ === 6) refusing = true;
      // Those that ask at the same moment meet the same.
      if (refusing) setImmediate(() => (refusing = false));
      return refusing;
    };
    await subscriptions.pause(admin, home, "many", false);
    deliveries.subscriptionChanged(home, "many");
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(started.map(({ input }) => input)).toEqual(sent);
    expect(asked).toBeGreaterThan(sent.length);
  });

  test("that breaks the function's schema is a dead letter at once, which can be sent again", async () => {
    await subscribe("one", "vm.deployed", "f");
    outcomes = [{ status: "ERROR", error: { type: "InputError", message: "no such field", stacktrace: null } }];
    await emit();
    const letters = new DeadLetters({ database, iam, wake: (kind) => queue.wake(kind) });
    const [letter] = await vi.waitFor(async () => {
      const { letters: found } = await letters.list(admin, home);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(letter).toMatchObject({ kind: "delivery", attempts: 1, error: "run run-1: no such field" });
    const { name = "" } = letter ?? {};
    expect(await letters.get(admin, home, name)).toMatchObject({ work: { subscription: "one", eventID: "e-1" } });
    await letters.retry(admin, home, name);
    await vi.waitFor(() => expect(started).toHaveLength(2));
    await expect(letters.retry(admin, home, name)).rejects.toThrow(`dead letter ${name} not found`);
    expect((await letters.list(admin, home)).letters).toEqual([]);
  });

  test("is not delivered to who has unsubscribed meanwhile", async () => {
    await subscribe("one", "vm.deployed", "f");
    fault = new Error("not now");
    await emit();
    await subscriptions.delete(admin, home, "one");
    await vi.waitFor(async () => expect(await database.query.selectFrom("work").select("id").execute()).toEqual([]), {
      timeout: 10_000,
    });
    expect(started).toEqual([]);
  });

  test("of a function names that function's run as parent, so that circles end", async () => {
    await subscribe("one", "vm.deployed", "f");
    const run: Principal = {
      kind: "function",
      id: "run-1",
      organization: home,
      via: "door",
      people: BY_ADMINISTRATOR,
      depth: 2,
    };
    await events.emit(run, home, event, JSON.stringify(event));
    expect(started[0]?.parent).toEqual({ id: "run-1", depth: 2 });
    await expect(events.emit(run, "other", event, "{}")).rejects.toThrow("belongs to organization");
  });

  test("begins with its own unit where nothing is ahead of it and a worker is free", async () => {
    await subscribe("one", "vm.deployed", "f");
    warm = true;
    endless = true;
    const committed = vi.spyOn(database, "commit");
    await emit({}, "1");
    expect(committed).toHaveBeenCalledTimes(1);
    expect(started.map(({ input }) => input)).toEqual(["1"]);
    const [delivery] = await listDeliveries(database, home, { limit: 1 });
    expect(delivery).toMatchObject({ status: "RUNNING", attempts: 1 });
    endless = false;
    await vi.waitFor(() => expect(going).toHaveLength(1), PATIENT);
    endRuns();
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(await listDeliveries(database, home, { limit: 9 })).toMatchObject([{ status: "DELIVERED", attempts: 1 }]);
  });

  test("is on its way to its worker before the sender hears that it was taken", async () => {
    await subscribe("one", "vm.deployed", "f");
    await subscribe("two", "vm.>", "g");
    warm = true;
    const ways: number[] = [];
    for (const eventID of ["1", "2", "3"]) {
      await emit({ eventID });
      ways.push(written.length);
    }
    expect(ways).toEqual([2, 4, 6]);
  });

  test("does not begin before one that waits on record, whoever promised that", async () => {
    await subscribe("one", "vm.deployed", "f");
    const subscription = subscriptions.find(home, "one");
    if (subscription === undefined) throw new Error("the subscription is there");
    const promised = { id: randomUUID(), subscription, orderKey: subscription.id };
    const older = { ...event, eventID: "e-0", data: "0" } as CloudEvent;
    await database.commit(deliveries.promise(promised, older, undefined));
    warm = true;
    await emit({}, "1");
    await emit({ eventID: "e-2" }, "2");
    await vi.waitFor(() => expect(started.map(({ input }) => input)).toEqual(["0", "1", "2"]), PATIENT);
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
  });

  test("that began with its own unit is tried again when its run fails", async () => {
    await subscribe("one", "vm.deployed", "f");
    warm = true;
    outcomes = [{ status: "ERROR", error: { type: "SystemError", message: "gone", stacktrace: null } }];
    await emit({}, "1");
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(started.map(({ input }) => input)).toEqual(["1", "1"]);
    expect(await listDeliveries(database, home, { limit: 9 })).toMatchObject([{ status: "DELIVERED", attempts: 2 }]);
  });

  test("that comes a second time begins nothing", async () => {
    await subscribe("one", "vm.deployed", "f");
    warm = true;
    await emit({}, "1");
    await emit({}, "1");
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(started.map(({ input }) => input)).toEqual(["1"]);
  });

  test("begins no more runs at once than its subscription has", async () => {
    await subscribe("two", "vm.deployed", "f", { concurrency: 2 });
    warm = true;
    endless = true;
    await Promise.all(["1", "2", "3", "4", "5"].map((n) => emit({ eventID: n }, n)));
    expect(started.map(({ input }) => input)).toEqual(["1", "2"]);
    endless = false;
    await vi.waitFor(() => expect(going).toHaveLength(2), PATIENT);
    endRuns();
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    expect(started.map(({ input }) => input)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("is for a subscription from its creation, and after each change, to its deletion", async () => {
    await subscribe("other", "vm.>", "g");
    await emit({ eventID: "e-1" });
    await subscribe("one", "vm.deployed", "f");
    await emit({ eventID: "e-2" });
    await subscriptions.update(admin, home, "one", { name: "one", eventType: "vm.deleted", function: "f" });
    await emit({ eventID: "e-3" });
    await emit({ eventID: "e-4", eventType: "vm.deleted" });
    await subscriptions.delete(admin, home, "one");
    await emit({ eventID: "e-5", eventType: "vm.deleted" });
    await vi.waitFor(async () => expect(await waiting()).toBe(0), PATIENT);
    const told = started.map(({ functionName, event: text }) => [
      functionName,
      (JSON.parse(text ?? "") as { eventID: string }).eventID,
    ]);
    expect(told.filter(([name]) => name === "f").map(([, id]) => id)).toEqual(["e-2", "e-4"]);
    expect(told.filter(([name]) => name === "g").map(([, id]) => id)).toEqual(["e-1", "e-2", "e-3", "e-4", "e-5"]);
  });

  const invalid = [
    ["another version", { cloudEventsVersion: "1.0" }, "CloudEventsVersion", "eq"],
    ["no id", { eventID: "" }, "EventID", "required"],
    ["a relative schema", { schemaURL: "/schema" }, "SchemaURL", "uri"],
    ["empty extensions", { extensions: {} }, "Extensions", "min"],
  ] as const;

  test.each(invalid)("with %s is refused in the second stage", async (_what, fields, field, tag) => {
    const message = `Error validating event: Key: 'CloudEvent.${field}' Error:Field validation for '${field}' failed on the '${tag}' tag`;
    await expect(emit(fields)).rejects.toThrow(message);
  });

  test("has optional texts that are empty as if they were absent, and 1970 for an empty time", async () => {
    const answer = await emit({ schemaURL: "", contentType: "", eventTypeVersion: "", eventTime: "" });
    expect(answer).toContain('"eventTime":"1970-01-01T00:00:00.000Z"');
    expect(answer).not.toMatch(/schemaURL|contentType|eventTypeVersion/);
  });
});

test("the token of another driver leads nowhere from a driver's program, that of another organization from no sandbox", async () => {
  for (const organization of [home, "other"]) {
    await types.create(admin, organization, { name: "ticker", image: "i" });
    await drivers.create(admin, organization, { name: "tick1", type: "ticker" });
  }
  const [own, foreign] = [
    await drivers.issueToken(admin, home, "tick1"),
    await drivers.issueToken(admin, "other", "tick1"),
  ];
  const push = (caller: Principal, authToken: string) =>
    events.ingest(caller, { authToken }, { ...event, eventID: randomUUID() }, JSON.stringify(event));
  const driver: Principal = { kind: "driver", id: "tick1", organization: home, via: "rest" };
  const run: Principal = { kind: "function", id: "r", organization: home, via: "connection" };
  await push(driver, own);
  await push(run, own);
  await push(anonymous, foreign);
  await expect(push(driver, foreign)).rejects.toThrow("the token of another driver: a driver pushes with its own");
  await expect(push({ ...driver, id: "tick2" }, own)).rejects.toThrow("the token of another driver");
  await expect(push(run, foreign)).rejects.toThrow("the token of another organization's driver");
});

test("a driver pushes events into its own organization with its token, and nobody without one", async () => {
  await types.create(admin, home, { name: "ticker", image: "i" });
  await drivers.create(admin, home, { name: "tick1", type: "ticker" });
  await drivers.idle();
  await subscribe("one", "vm.deployed", "f");
  const token = await drivers.issueToken(admin, home, "tick1");
  expect(await events.ingest(anonymous, { authToken: token }, event, JSON.stringify(event))).toContain(
    '"eventType":"vm.deployed"',
  );
  expect(started.map(({ organization, functionName }) => [organization, functionName])).toEqual([[home, "f"]]);
  await emit({ eventID: "e-2" });
  const kept = await eventsBefore(database, home, { before: undefined, since: undefined, limit: 5 });
  expect(kept.map(({ driver }) => driver)).toEqual([null, "tick1"]);
  await expect(events.ingest(anonymous, { authToken: "other" }, event, "{}")).rejects.toThrow("token not recognized");
});
