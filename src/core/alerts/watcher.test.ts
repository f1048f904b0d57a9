/** When an alert speaks: with a clock that the test sets, a watch that it feeds, and runs that are only noted. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunRecord } from "../runs/record.ts";
import type { RunRequest } from "../runs/request.ts";
import type { Database, Statement } from "../shared/ports.ts";
import type { AlertRecord, Alerts } from "./alerts.ts";
import type { Watch } from "./watch.ts";
import { AlertWatcher } from "./watcher.ts";

const START = Date.parse("2026-11-28T07:59:00Z");
const document = { when: "run-failed", function: "tell", digest: "08:00", tags: null, status: "READY", reason: null };
const record = { organization: "home", name: "failures", id: "a-1", author: "administrator:administrator", document };

let found: number;
let outcome: Partial<RunRecord>;
let sent: string[];
let payload: string;
let pause: number;
let watcher: AlertWatcher;

/** `found` counts up; the mark is how far a look has counted. */
const watch: Watch = {
  look: async (_, mark) => {
    const fresh = mark === undefined ? 0 : found - Number(mark);
    return { mark: String(found), news: fresh === 0 ? undefined : `${fresh} failed` };
  },
  digest: async () => `${found} in all`,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  found = 0;
  outcome = { status: "READY", finished: 1n };
  sent = [];
  payload = "{}";
  const note = async (unit: readonly Statement[]): Promise<void> => {
    for (const { values } of unit as readonly { values: { payload?: string; pause?: number } }[]) {
      payload = values.payload ?? payload;
      pause = values.pause ?? pause;
    }
  };
  watcher = new AlertWatcher({
    database: { commit: note } as unknown as Database,
    alerts: {
      byId: () => record as unknown as AlertRecord,
      authorizeLook: () => undefined,
      note: async () => undefined,
    } as unknown as Alerts,
    watches: { "run-failed": watch, "driver-down": watch, "dead-letters": watch, "schedule-missed": watch },
    runs: {
      create: async (_: unknown, request: RunRequest) => {
        sent.push((JSON.parse(request.input ?? "") as { message: string }).message);
        const id = `run-${sent.length}`;
        await note(request.together?.(id) ?? []);
        return { id };
      },
      ended: async () => outcome as RunRecord,
    },
    wake: () => undefined,
    log: { warn: () => undefined },
  });
});

afterEach(() => vi.useRealTimers());

const turn = () => {
  const job = { organization: "home", kind: "alert", id: "a-1", payload, maxAttempts: 0, fence: 1, attempt: 1 };
  return watcher.perform({ ...job, error: undefined }, new AbortController().signal, {
    free: () => undefined,
    pass: () => undefined,
    takeBehind: async () => [],
    also: () => undefined,
  });
};
const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

test("a storm is one message a minute, and what was before the alert is no news", async () => {
  found = 7;
  await turn();
  found = 10;
  await turn();
  for (let second = 0; second < 10; second++) {
    found += 100;
    await turn();
  }
  expect(sent).toEqual(["failures: 3 failed"]);
  expect(pause).toBe(60_000);
  pass(pause);
  await turn();
  expect(sent.slice(1)).toEqual(["failures: 1000 failed\n1010 in all"]);
});

test("what could not be told is told later, together", async () => {
  await turn();
  outcome = { status: "ERROR", finished: 1n, error: { type: "FunctionError", message: "no webhook", stacktrace: [] } };
  found = 2;
  await expect(turn()).rejects.toThrow("the last message could not be sent: run run-1 of tell: no webhook");
  outcome = { status: "ERROR", finished: 1n };
  found = 5;
  await expect(turn()).rejects.toThrow("it failed");
  expect(sent).toEqual(["failures: 2 failed", "failures: 5 failed"]);
});

test("a crash between the message and its end sends no second one", async () => {
  await turn();
  found = 2;
  outcome = { status: "READY" };
  await expect(turn()).rejects.toThrow("not now");
  outcome = { status: "READY", finished: 1n };
  await turn();
  expect(sent).toEqual(["failures: 2 failed"]);
});

test("once a day, at its time, it says what there was, also when that is nothing", async () => {
  await turn();
  pass(59_000);
  await turn();
  expect(sent).toEqual([]);
  pass(1000);
  for (let again = 0; again < 3; again++) await turn();
  expect(sent).toEqual(["failures: 0 in all"]);
  pass(24 * 3_600_000);
  await turn();
  expect(sent).toHaveLength(2);
});

test("a clock that was years ahead and is set back silences neither news nor the day's message", async () => {
  const years = 5 * 365 * 24 * 3_600_000;
  pass(years);
  await turn();
  found = 2;
  await turn();
  pass(-years);
  found = 3;
  await turn();
  expect(sent).toEqual(["failures: 2 failed", "failures: 1 failed"]);
  pass(60_000);
  await turn();
  expect(sent.slice(2)).toEqual(["failures: 3 in all"]);
});
