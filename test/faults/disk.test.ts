/** The disk is filled to its last byte in the middle of everything, and freed again: no false success, and all goes on by itself. */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { killWhileStarting } from "../e2e/support/server.ts";
import { smallDisk } from "../e2e/support/small-disk.ts";
import { seeded } from "../support/seeded.ts";
import { ROUNDS, SEED } from "./seed.ts";
import { Site } from "./site.ts";

const random = seeded(SEED);
const disk = smallDisk(200);
const ballast = join(disk?.folder ?? "", "ballast");
let site: Site;

beforeAll(async () => {
  if (disk === undefined) return;
  // The server's own guard would refuse all work long before a write fails: here it has none.
  const flags = ["--min-free-bytes", "0"];
  site = await Site.open(SEED, { dataDir: join(disk.folder, "data"), flags });
});

afterAll(async () => {
  if (disk === undefined) return;
  await site.close();
  disk.remove();
});

/** Takes what is free, also what the server gives back meanwhile. */
function fill(): void {
  const file = openSync(ballast, "a");
  for (let size = 1024 * 1024; size >= 1; size /= 4) {
    const part = Buffer.alloc(size);
    try {
      while (writeSync(file, part) === size);
    } catch {
      // Full, for parts of this size.
    }
  }
  closeSync(file);
}

async function keepFull(milliseconds: number): Promise<void> {
  for (const until = performance.now() + milliseconds; performance.now() < until; ) {
    fill();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const free = (): void => rmSync(ballast);

test.skipIf(disk === undefined)(
  `${ROUNDS} times full (seed ${SEED}; needs the right to mount a tmpfs)`,
  { timeout: 60_000 + ROUNDS * 120_000 },
  async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      site.at(`full for a while in round ${round} of seed ${SEED}`);
      await site.underLoad(async () => {
        await keepFull(500 + random() * 2000);
        free();
        await new Promise((resolve) => setTimeout(resolve, random() * 500));
      });
      await site.check();
      site.at(`killed on a full disk in round ${round} of seed ${SEED}`);
      await site.underLoad(async () => {
        await keepFull(random() * 1000);
        await site.server.kill();
      });
      fill();
      await killWhileStarting(site.options, 2000);
      free();
      await site.start();
      await site.check();
    }
    expect(site.load.counts.refused).toBeGreaterThan(0);
  },
);
