/** `ticker`: sends `ticker.tick` every so many seconds. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "./shared/flags.ts";
import { runDriver } from "./shared/main.ts";

await runDriver({ seconds: "60", source: randomUUID(), debug: "", dryrun: "" }, async (flags, gateway) => {
  const seconds = Number(flags.seconds);
  if (!(seconds >= 0.1 && seconds <= 86_400)) {
    throw new UsageError(`seconds is ${flags.seconds}: use a number from 0.1 to 86400`);
  }
  await gateway.hello();
  const pause = seconds * 1000;
  for (let next = performance.now() + pause; ; next += pause) {
    await delay(Math.max(0, next - performance.now()));
    await gateway.push({ eventType: "ticker.tick", source: flags.source });
    // What could not be sent in time is not made up for: a tick says that it is now.
    if (next + pause < performance.now()) next = performance.now();
  }
});
