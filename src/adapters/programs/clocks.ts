/** The built-in drivers that are clocks: the same reading of their settings as in their programs. */
import type { Clock } from "../../core/shared/ports.ts";
import { interval, readSchedule, type Schedule, upcomingTimes } from "../../event-drivers/shared/schedule.ts";
import { readPause } from "../../event-drivers/shared/ticks.ts";
import type { BuiltIn } from "./images.ts";

type Config = Readonly<Record<string, string>>;

export function clockOf(name: BuiltIn, config: Config): Clock | undefined {
  if (name === "ticker") {
    const seconds = setting(config, "seconds", "60");
    return clock(`@every ${seconds}s`, machineZone(), () => interval(readPause(seconds)));
  }
  if (name !== "cron") return undefined;
  const expression = setting(config, "cron", "").trim();
  const timezone = setting(config, "timezone", "");
  return clock(expression, timezone || machineZone(), () => readSchedule(expression, timezone));
}

function clock(expression: string, timezone: string, read: () => Schedule): Clock {
  return { expression, timezone, upcoming: (count, now, last) => upcomingTimes(read(), count, now, last) };
}

/** As the program's flags have it: one without a value is `true`. */
function setting(config: Config, key: string, otherwise: string): string {
  return Object.hasOwn(config, key) ? config[key] || "true" : otherwise;
}

let zone: string | undefined;

function machineZone(): string {
  zone ??= new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone;
}
