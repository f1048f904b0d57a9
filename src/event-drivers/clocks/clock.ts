/** The drivers that are clocks: each runs as a program of its own, or beside others in one process (house.ts). */
import type { Flags } from "../shared/flags.ts";
import type { Gateway } from "../shared/gateway.ts";
import { runDriver } from "../shared/main.ts";

/** Where a clock runs. */
export interface ClockPlace {
  readonly gateway: Gateway;
  /** What it gave with the event that was accepted last, see `bookmarkOf`. */
  readonly bookmark: string | undefined;
  /** When somebody made it, or changed it last: RFC 3339. */
  readonly since: string | undefined;
  /** Whatever waits ends with it. */
  readonly signal: AbortSignal;
  /** Tells people what is not as it should be. */
  say(line: string): void;
}

export interface Clock {
  /** Its flags with their defaults. */
  settings(): Readonly<Record<string, string>>;
  /** Resolves when it never goes off again. @throws UsageError, TokenError, Error */
  run(flags: Flags<string>, place: ClockPlace): Promise<void>;
}

/** As a program of its own. */
export function runClock({ settings, run }: Clock): Promise<void> {
  const { DISPATCH_BOOKMARK: bookmark, DISPATCH_SINCE: since } = process.env;
  const { signal } = new AbortController();
  return runDriver(settings(), (flags, gateway) =>
    run(flags, { gateway, bookmark, since, signal, say: (line) => console.error(line) }),
  );
}
