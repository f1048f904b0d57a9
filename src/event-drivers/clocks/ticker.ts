/** `ticker`: sends `ticker.tick` every so many seconds. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { readPause } from "../shared/ticks.ts";
import type { Clock } from "./clock.ts";

export const ticker: Clock = {
  settings: () => ({ seconds: "60", source: randomUUID(), debug: "", dryrun: "" }),
  async run({ seconds = "", source = "" }, { gateway, signal }) {
    const pause = readPause(seconds);
    await gateway.hello();
    for (let next = performance.now() + pause; ; next += pause) {
      await delay(Math.max(0, next - performance.now()), undefined, { signal });
      await gateway.push({ eventType: "ticker.tick", source });
      // What could not be sent in time is not made up for: a tick says that it is now.
      if (next + pause < performance.now()) next = performance.now();
    }
  },
};
