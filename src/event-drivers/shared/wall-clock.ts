/** Waiting for a time of the machine's clock, which people and time servers set, and which goes on while the machine sleeps. */

const LOOK_EVERY_MS = 10_000;
/** Smaller steps are those of a clock that is kept right. */
const STEP_MS = 500;
/** Timers take no longer times. */
const LONGEST_MS = 2 ** 31 - 1;

/** Ends the nap of each who waits. */
const waiting = new Set<() => void>();
let watch: NodeJS.Timeout | undefined;

/** Resolves when it is that time. @throws AbortError */
export async function untilTime(time: Date, signal: AbortSignal): Promise<void> {
  while (time.getTime() > Date.now()) await nap(time.getTime() - Date.now(), signal);
}

/** Ends early when the clock was set. One look at it serves all who wait: thousands of them cost nothing. */
function nap(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      clearTimeout(timer);
      leave(wake);
      signal.removeEventListener("abort", wake);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(wake, Math.min(milliseconds, LONGEST_MS));
    signal.addEventListener("abort", wake);
    enter(wake);
  });
}

function enter(wake: () => void): void {
  waiting.add(wake);
  watch ??= watchClock();
}

function leave(wake: () => void): void {
  waiting.delete(wake);
  if (waiting.size > 0) return;
  clearInterval(watch);
  watch = undefined;
}

function watchClock(): NodeJS.Timeout {
  let before = Date.now() - performance.now();
  const look = (): void => {
    const now = Date.now() - performance.now();
    if (Math.abs(now - before) > STEP_MS) for (const wake of [...waiting]) wake();
    before = now;
  };
  return setInterval(look, LOOK_EVERY_MS);
}
