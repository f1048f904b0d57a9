import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompiledQuery } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import type { RunRecord } from "../runs/record.ts";
import { endOfRun } from "./delivery-log.ts";

test("the end of a run finds its delivery by indexes, however many others there are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "delivery-log-"));
  const { query, close } = await openSqlite(join(folder, "test.db"));
  onTestFinished(async () => {
    await close();
    await rm(folder, { recursive: true });
  });
  const steps: string[] = [];
  for (const statement of endOfRun({ organization: "o", id: "r", status: "READY" } as RunRecord, "s")) {
    const { sql, parameters } = statement.query(query).compile();
    const plan = CompiledQuery.raw(`explain query plan ${sql}`, Array(parameters.length).fill("x"));
    const { rows } = await query.executeQuery<{ detail: string }>(plan);
    steps.push(...rows.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN)/.test(detail)));
  }
  const byRun = "SEARCH found USING COVERING INDEX deliveries_by_run (organization=? AND run=?)";
  expect(steps).toEqual([
    "SEARCH deliveries USING PRIMARY KEY (organization=? AND id=?)",
    byRun,
    "SEARCH deliveries USING PRIMARY KEY (organization=? AND id=?)",
    byRun,
    "SEARCH work USING INDEX work_by_id (organization=? AND kind=? AND id=?)",
    byRun,
  ]);
});
