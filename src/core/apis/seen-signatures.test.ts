import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { isFirstUse } from "./seen-signatures.ts";

const minute = 60;

function databasePath(): string {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-seen-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "dispatch.db");
}

async function open(path: string) {
  const database = await openSqlite(path);
  const close = () => database.close();
  return {
    seen: (organization: string, signature: string, now: number) => isFirstUse(database, organization, signature, now),
    close,
  };
}

test("a signature counts once in ten minutes, over a restart, too", async () => {
  const path = databasePath();
  const before = await open(path);
  expect(await before.seen("a", "s1", 1000)).toBe(true);
  expect(await before.seen("a", "s1", 1000)).toBe(false);
  expect(await before.seen("b", "s1", 1000)).toBe(true);
  await before.close();
  const after = await open(path);
  onTestFinished(after.close);
  expect(await after.seen("a", "s1", 1000 + 10 * minute)).toBe(false);
  expect(await after.seen("a", "s2", 1000 + 10 * minute)).toBe(true);
  expect(await after.seen("a", "s1", 1001 + 10 * minute)).toBe(true);
});
