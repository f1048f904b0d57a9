import { runClock } from "./clocks/clock.ts";
import { ticker } from "./clocks/ticker.ts";

await runClock(ticker);
