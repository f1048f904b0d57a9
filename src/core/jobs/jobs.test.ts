/** Leases on a real database. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { type Database, StaleWriteError } from "../shared/ports.ts";
import { acknowledge, claim, enqueue, type Job, releaseAll } from "./jobs.ts";

const job: Job = { organization: "o", id: "run-1", kind: "run" };
const LATER = Date.now() + 60_000;

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobs-"));
  database = await openSqlite(join(folder, "test.db"));
  await database.commit([enqueue(job)]);
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const rows = () => database.query.selectFrom("jobs").selectAll().execute();

test("a job is held by one owner at a time, who may claim it again; each claim has a higher fence", async () => {
  await database.commit([claim(job, "a", LATER)]);
  await expect(database.commit([claim(job, "b", LATER)])).rejects.toBeInstanceOf(StaleWriteError);
  await database.commit([claim(job, "a", LATER)]);
  expect(await rows()).toMatchObject([{ owner: "a", fence: 2 }]);
});

test("a lease that has run out, or was released, is free for others", async () => {
  await database.commit([claim(job, "a", Date.now() - 1)]);
  await database.commit([claim(job, "b", LATER)]);
  await database.commit([releaseAll()]);
  await database.commit([claim(job, "c", LATER)]);
  expect(await rows()).toMatchObject([{ owner: "c", fence: 3 }]);
});

test("a job that was acknowledged is gone and cannot be claimed", async () => {
  await database.commit([acknowledge(job)]);
  expect(await rows()).toEqual([]);
  await expect(database.commit([claim(job, "a", LATER)])).rejects.toBeInstanceOf(StaleWriteError);
});
