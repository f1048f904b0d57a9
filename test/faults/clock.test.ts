/** The server's clock steps by an hour in the middle of everything. It is the server's alone (libfaketime); the machine's stays. */
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { until } from "../e2e/support/until.ts";
import { seeded } from "../support/seeded.ts";
import { ROUNDS, SEED } from "./seed.ts";
import { Site } from "./site.ts";

const HOUR_S = 3600;
const [library] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const skipped = library === undefined ? " (SKIPPED: the package faketime is missing)" : "";

const random = seeded(SEED);
const folder = mkdtempSync(join(tmpdir(), "dispatch-clock-"));
const offset = join(folder, "offset");
let site: Site;

/** Time-outs and pauses go by the monotonic clock, as on a machine whose clock is set. */
const clockOf = (preload: string) => ({
  LD_PRELOAD: preload,
  FAKETIME_TIMESTAMP_FILE: offset,
  FAKETIME_CACHE_DURATION: "1",
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
  NO_FAKE_STAT: "1",
});

beforeAll(async () => {
  if (library === undefined) return;
  writeFileSync(offset, "+0");
  site = await Site.open(SEED, { environment: clockOf(library) });
});

afterAll(async () => {
  if (library !== undefined) await site.close();
  rmSync(folder, { recursive: true });
});

/** Resolves when the server's clock is so many seconds off. */
async function step(seconds: number): Promise<void> {
  writeFileSync(offset, seconds < 0 ? `${seconds}` : `+${seconds}`);
  await until("the server's clock has been set", async () => {
    const { date = "" } = (await site.dispatch.raw("/healthz")).headers;
    return Math.abs(Date.parse(date) - Date.now() - seconds * 1000) < 10_000 || undefined;
  });
}

test.skipIf(library === undefined)(
  `${ROUNDS} times an hour forth and back, back and forth${skipped} (seed ${SEED})`,
  { timeout: 60_000 + ROUNDS * 240_000 },
  async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      for (const seconds of [HOUR_S, 0, -HOUR_S, 0]) {
        const killed = random() < 0.5;
        site.at(`clock at ${seconds} s${killed ? ", killed then," : ""} in round ${round} of seed ${SEED}`);
        await site.underLoad(async () => {
          await step(seconds);
          await new Promise((resolve) => setTimeout(resolve, random() * 1000));
          if (killed) await site.server.kill();
        });
        if (killed) await site.start();
        await site.check();
      }
    }
  },
);
