import { expect, test } from "vitest";
import { record } from "../../../test/contract/run-record.ts";
import type { Statement } from "../shared/ports.ts";
import { LateLines } from "./late-lines.ts";
import type { RunRecord } from "./record.ts";

const line = { organization: "org", run: "r", stream: "stdout", line: "late" } as const;

/** Keeps lines of a run whose end is on record when `end` says so. */
function linesOf(end: Promise<RunRecord | undefined>) {
  const written: (readonly Statement[])[] = [];
  const late = new LateLines({
    database: { commit: async (unit) => void written.push(unit) },
    ended: () => end,
    log: { warn: (details) => expect.fail(JSON.stringify(details)) },
  });
  return { late, written };
}

test("lines wait until the end of their run is on record, however slow the database is", async () => {
  const end = Promise.withResolvers<RunRecord | undefined>();
  const { late, written } = linesOf(end.promise);
  late.add(line);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(written).toEqual([]);
  late.add(line);
  end.resolve(record({ id: "r", executed: 1n, finished: 2n, stdout: ["early"] }));
  await expect.poll(() => written.length).toBe(2);
});

test("a run that left no record keeps nothing", async () => {
  const { late, written } = linesOf(Promise.resolve(undefined));
  late.add(line);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(written).toEqual([]);
});
