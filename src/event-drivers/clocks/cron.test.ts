/** What a `cron` sends when it comes late: the time is the tests' own here. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DriverEvent, Gateway } from "../shared/gateway.ts";
import { cron } from "./cron.ts";

const BEGUN = Date.parse("2026-03-28T12:00:00Z");
const end = new AbortController();

beforeEach(() => void vi.useFakeTimers({ now: BEGUN }));
afterEach(() => void vi.useRealTimers());

/** What it sends every ten seconds; the first event takes so long until it is accepted. */
function everyTenSeconds(firstTakes: number): { readonly type: string; readonly time: string | undefined }[] {
  const sent: { type: string; time: string | undefined }[] = [];
  const push = async ({ eventType, eventTime }: DriverEvent): Promise<void> => {
    sent.push({ type: eventType, time: eventTime?.slice(11, 19) });
    if (sent.length === 1) await new Promise((resolve) => setTimeout(resolve, firstTakes));
  };
  const gateway: Gateway = { hello: async () => {}, push };
  const flags = { ...cron.settings(), cron: "0/10 * * * * *", timezone: "UTC", source: "it" };
  void cron.run(flags, { gateway, bookmark: undefined, since: undefined, signal: end.signal, say: () => {} });
  return sent;
}

test("times that pass while others have their turn are sent late, none is left out", async () => {
  const sent = everyTenSeconds(25_000);
  await vi.advanceTimersByTimeAsync(46_000);
  expect(sent).toEqual(
    ["12:00:10", "12:00:20", "12:00:30", "12:00:40"].map((time) => ({ type: "cron.trigger", time })),
  );
});

test("when nothing could be sent for long, what was missed is told once", async () => {
  const sent = everyTenSeconds(60_000);
  await vi.advanceTimersByTimeAsync(81_000);
  expect(sent.map(({ type }) => type).slice(0, 2)).toEqual(["cron.trigger", "cron.missed"]);
  expect(sent.at(-1)).toEqual({ type: "cron.trigger", time: "12:01:20" });
});
