/** `ticker`: sends `ticker.tick` every so many seconds. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { runDriver } from "./shared/main.ts";
import { readPause } from "./shared/ticks.ts";

await runDriver({ seconds: "60", source: randomUUID(), debug: "", dryrun: "" }, async (flags, gateway) => {
  const pause = readPause(flags.seconds);
  await gateway.hello();
  for (let next = performance.now() + pause; ; next += pause) {
    await delay(Math.max(0, next - performance.now()));
    await gateway.push({ eventType: "ticker.tick", source: flags.source });
    // What could not be sent in time is not made up for: a tick says that it is now.
    if (next + pause < performance.now()) next = performance.now();
  }
});
