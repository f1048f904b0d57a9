/** What the kernel keeps without a process: message queues, shared memory and semaphores of System V, and queues of POSIX. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createHarness,
  findMemoryObstacle,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "../contract/runtime-harness.ts";
import { QUEUES } from "./hostile.ts";

const obstacle = await findObstacle();
const memoryObstacle = await findMemoryObstacle();

/** No other test's. */
const KEY = 0x10000000 + process.pid * 16;
const MEBIBYTE = 1 << 20;
const NOTHING_FOUND = JSON.stringify([[-1, -1, -1], [0, 0, 0], "EMFILE"]);

/** The keys of this test in the tables of the server's own namespace. */
const keysOnHost = (): number[] =>
  ["msg", "shm", "sem"].flatMap((name) =>
    readFileSync(`/proc/sysvipc/${name}`, "utf8")
      .split("\n")
      .map((line) => Number.parseInt(line.trim(), 10))
      .filter((key) => key >= KEY && key < KEY + 16),
  );

describe.skipIf(obstacle !== undefined)(suiteName("a function that fills the kernel's queues", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const start = (memory = 256) => startFunction(harness.runtime, "python3", QUEUES, { limits: { memory } });

  test("shares them with no other worker and not with this machine, and leaves nothing of them", async () => {
    const [taker, other] = await Promise.all([start(), start()]);
    const take = { queue: 1, memory: 1, semaphores: 1 };
    expect((await run(taker, { key: KEY, take })).output).toBe(JSON.stringify([16_384, 4 * MEBIBYTE, 2_048_000]));
    const own = JSON.parse((await run(taker, { look: KEY })).output ?? "") as unknown;
    expect(own).toEqual([[0, 0, 0], [1, 1, 1], "EMFILE"]); // its own it finds; a queue of POSIX it never gets
    expect((await run(other, { look: KEY })).output).toBe(NOTHING_FOUND);
    await Promise.all([taker.stop("retired"), other.stop("retired")]);
    const next = await start();
    expect((await run(next, { look: KEY })).output).toBe(NOTHING_FOUND);
    await next.stop("retired");
    expect(keysOnHost()).toEqual([]);
  });

  test.skipIf(memoryObstacle !== undefined).each(["queue", "memory", "semaphores"])(
    suiteName("gets no more of them than its memory: %s", memoryObstacle),
    async (kind) => {
      const worker = await start(64);
      const { output, error } = await run(worker, { key: KEY, take: { [kind]: 96 * MEBIBYTE } });
      await worker.stop("retired");
      if (error !== undefined) return expect(error.message).toContain("memory limit of 64 MB");
      const [taken] = JSON.parse(output ?? "[0]") as [number];
      expect(taken).toBeGreaterThan(MEBIBYTE);
      expect(taken).toBeLessThan(64 * MEBIBYTE);
    },
  );
});
