/** The thread of the database ends in the middle of everything: health says so, the server ends, and the next start goes on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { endDatabaseThread, mortalThread, startIsOver } from "../e2e/support/database-thread.ts";
import { seeded } from "../support/seeded.ts";
import { ROUNDS, SEED } from "./seed.ts";
import { Site } from "./site.ts";

/** The exit code for whoever starts the server again. */
const LOST = 70;

const random = seeded(SEED);
let site: Site;

beforeAll(async () => {
  site = await Site.open(SEED, { environment: mortalThread });
});

afterAll(() => site.close());

/** What health says, until nobody answers. */
async function lastWords(): Promise<string> {
  const { dispatch } = site;
  let last = "";
  try {
    for (;;) last = (await dispatch.raw("/healthz")).text;
  } catch {
    return last;
  }
}

test(`${ROUNDS} times without its database (seed ${SEED})`, { timeout: 60_000 + ROUNDS * 60_000 }, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    site.at(`round ${round} of seed ${SEED}`);
    await startIsOver(site.server);
    await site.underLoad(async () => {
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
      const heard = lastWords();
      endDatabaseThread(site.server);
      expect(await site.server.ended).toMatchObject({ code: LOST });
      expect(await heard).toContain("the database is lost");
    });
    await site.start();
    await site.check();
  }
});
