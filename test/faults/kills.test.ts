/** kill -9 at any moment: nothing that was acknowledged is lost, nothing hangs, nothing runs twice (decisions 18b, 18c). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { killWhileStarting } from "../e2e/support/server.ts";
import { seeded } from "../support/seeded.ts";
import { POINTS, SEED } from "./seed.ts";
import { Site } from "./site.ts";

/** Most blows fall on a server that has not come to rest since the one before. */
const POINTS_BETWEEN_RESTS = 5;

const random = seeded(SEED);
let site: Site;

beforeAll(async () => {
  site = await Site.open(SEED);
});

afterAll(() => site.close());

const pause = (most: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * most));

/** What the server does when the blow falls, and how often that is tried. */
async function untilTheBlow(): Promise<void> {
  const lot = random();
  // In the middle of its traffic.
  if (lot < 0.6) await pause(400);
  // While it stops.
  else if (lot < 0.8) {
    await pause(200);
    void site.server.stop();
    await pause(300);
  }
  // Right after its start: else at once.
}

test(`killed at ${POINTS} points of everything (seed ${SEED})`, { timeout: 60_000 + POINTS * 30_000 }, async () => {
  for (let point = 1; point <= POINTS; point++) {
    site.at(`point ${point} of seed ${SEED}`);
    await site.underLoad(async () => {
      await untilTheBlow();
      await site.server.kill();
    });
    // Some starts do not get to their end either.
    if (random() < 0.3) await killWhileStarting(site.options, random() * 1500);
    await site.start();
    const isRest = point % POINTS_BETWEEN_RESTS === 0 || point === POINTS;
    await (isRest ? site.check() : site.checkLoad());
  }
  expect(site.load.counts.acknowledged).toBeGreaterThan(POINTS * 5);
});
