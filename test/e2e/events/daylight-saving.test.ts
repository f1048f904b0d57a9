/** What a `cron` sends while the clocks of its time zone go forward and back: the built driver at that hour (libfaketime), and a real server. */
import { type ChildProcess, spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const [library = ""] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const skipped = library === "" ? " (SKIPPED: the package faketime is missing)" : "";
const driver = join(import.meta.dirname, "../../../dist/server/event-drivers/cron.mjs");

/** On the Sunday of March it is 3:00 after 1:59:59, on that of October 2:00 after 2:59:59, both at 1:00 UTC. */
const FORWARD = "2026-03-29";
const BACK = "2026-10-25";

let server: ServerProcess;
let dispatch: Dispatch;
let drivers = 0;

interface ClockEvent {
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly data?: { readonly first: string; readonly last: string; readonly count: number };
}

/** The times of which an event tells: on a slow machine some are told as missed. */
function timesOf({ type, time, data }: ClockEvent): string[] {
  if (type !== "cron.missed" || data === undefined) return [secondOf(Date.parse(time))];
  const times = Array.from({ length: data.count }, (_, at) => secondOf(Date.parse(data.first) + at * 1000));
  expect(secondOf(Date.parse(data.last))).toBe(times.at(-1));
  return times;
}

function secondOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19);
}

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  // The drivers of this server are programs elsewhere: nothing here has their image.
  await dispatch.post("/v1/event/drivertypes", { name: "elsewhere", image: "example.com/no-such:1" });
});

afterAll(() => server.dispose());

/** Starts a driver of the server whose clock says this time of UTC; the result gives what it has sent so far. */
async function started(cron: string, time: string, last?: string): Promise<() => Promise<string[]>> {
  const name = `clock-${++drivers}`;
  await dispatch.post("/v1/event/drivers", { name, type: "elsewhere" });
  const { token } = parse<{ token: string }>(await dispatch.post(`/v1/event/drivers/${name}/token`, ""));
  const settings = { cron, timezone: "Europe/Berlin", source: name, "dispatch-api-endpoint": new URL(server.api).host };
  const child = spawn(
    process.execPath,
    [driver, ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)],
    {
      env: {
        ...{ PATH: process.env.PATH, TZ: "UTC", AUTH_TOKEN: token },
        ...{ LD_PRELOAD: library, FAKETIME: `@${time.replace("T", " ")}`, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
        ...(last === undefined ? {} : { DISPATCH_BOOKMARK: `${last}.000Z ${cron} Europe/Berlin` }),
      },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  onTestFinished(() => ended(child));
  return async () => {
    const kept = parse<{ event: ClockEvent }[]>(await dispatch.get("/v1/event/events?limit=1000"));
    const own = kept.map(({ event }) => event).filter(({ source }) => source === name);
    return own.reverse().flatMap(timesOf);
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
}

const sentAfter = (sent: () => Promise<string[]>, time: string) =>
  until(`something was sent after ${time}`, async () => {
    const found = await sent();
    return found.some((one) => one > time) ? found : undefined;
  });

describe.skipIf(library === "")(`a clock of Europe/Berlin${skipped}`, { timeout: 120_000 }, () => {
  test.each([FORWARD, BACK])("goes off every second while its hour changes on %s", async (day) => {
    const sent = await started("* * * * * *", `${day}T00:59:56`, `${day}T00:59:55`);
    const found = await sentAfter(sent, `${day}T01:00:02`);
    const seconds = found.map((time) => Date.parse(`${time}Z`) / 1000);
    expect(found).toContain(`${day}T01:00:00`);
    expect(seconds).toEqual(seconds.map((_, at) => (seconds[0] ?? 0) + at));
  });

  test("goes off at 3:00 for a time that its day does not have", async () => {
    const sent = await started("0 30 2 * * *", `${FORWARD}T00:59:57`, "2026-03-28T01:30:00");
    expect(await sentAfter(sent, `${FORWARD}T00:59:59`)).toEqual([`${FORWARD}T01:00:00`]);
  });

  test("goes off once for a time that its day has twice, and misses none", async () => {
    const once = await started("0 30 2 * * *", `${BACK}T00:29:57`, "2026-10-24T00:30:00");
    expect(await sentAfter(once, `${BACK}T00:29:59`)).toEqual([`${BACK}T00:30:00`]);
    const again = await started("0 30 2 * * *", `${BACK}T01:29:57`, `${BACK}T00:30:00`);
    const beside = await started("3,4,5 30 * * * *", `${BACK}T01:29:57`, `${BACK}T00:30:05`);
    await sentAfter(beside, `${BACK}T01:30:04`);
    expect(await again()).toEqual([]);
  });
});
