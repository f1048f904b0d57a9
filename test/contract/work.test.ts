/** The queue on both databases, and on a disk that is full. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { openPostgres } from "../../src/adapters/db/postgres/postgres.ts";
import { openSqlite } from "../../src/adapters/db/sqlite.ts";
import { enqueue, type Job } from "../../src/core/work/job.ts";
import { WorkQueue } from "../../src/core/work/queue.ts";
import { NO_POSTGRES, PostgresServer, postgresPrograms } from "../support/postgres.ts";
import { workContract } from "./work.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-work-"));
afterAll(() => rmSync(folder, { recursive: true }));

workContract("SQLite", () => openSqlite(join(folder, "work.db")));

const programs = postgresPrograms();
if (programs === undefined) test.skip(`work on PostgreSQL: ${NO_POSTGRES}`, () => {});
else {
  const server = new PostgresServer(programs);
  let address = "";
  beforeAll(async () => {
    await server.start();
    address = await server.create("work");
  });
  afterAll(() => server.dispose());
  workContract("PostgreSQL", () => openPostgres(address));
}

function smallDisk(): string | undefined {
  const mount = mkdtempSync(join(tmpdir(), "dispatch-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], { stdio: "ignore" });
    return mount;
  } catch {
    rmSync(mount, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();

test.skipIf(disk === undefined)(
  "on a full disk work is refused or done, never lost (needs the right to mount a tmpfs)",
  async () => {
    const mount = disk ?? "";
    const database = await openSqlite(join(mount, "work.db"));
    const queue = new WorkQueue({ database, owner: "me", log: { warn: () => {} } });
    onTestFinished(async () => {
      await queue.close();
      await database.close();
      execFileSync("umount", ["-l", mount]);
      await rm(mount, { recursive: true });
    });
    const jobOf = (id: string): Job => ({
      organization: "o",
      kind: "delivery",
      id,
      payload: "x".repeat(2000),
      maxAttempts: 0,
    });
    const promised: string[] = [];
    const promise = async (id: string): Promise<boolean> => {
      try {
        await database.commit([enqueue(jobOf(id))]);
        promised.push(id);
        return true;
      } catch {
        return false;
      }
    };
    for (let at = 0; at < 50; at++) await promise(`early-${at}`);
    try {
      writeFileSync(join(mount, "ballast"), Buffer.alloc(32 * 1024 * 1024));
    } catch {
      // What fitted has filled the disk.
    }
    let refused = 0;
    for (let at = 0; at < 5000 && refused < 3; at++) if (!(await promise(`late-${at}`))) refused++;
    expect(refused).toBe(3);
    const done = new Set<string>();
    await queue
      .prepare({
        delivery: async ({ id }) => {
          done.add(id);
          return [];
        },
      })
      .catch(() => {});
    rmSync(join(mount, "ballast"));
    await queue.prepare({
      delivery: async ({ id }) => {
        done.add(id);
        return [];
      },
    });
    queue.open();
    const left = () => database.query.selectFrom("work").select("id").execute();
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 120_000 });
    expect([...done].toSorted()).toEqual(promised.toSorted());
    expect(await promise("afterwards")).toBe(true);
  },
);
