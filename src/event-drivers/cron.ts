import { runClock } from "./clocks/clock.ts";
import { cron } from "./clocks/cron.ts";

await runClock(cron);
