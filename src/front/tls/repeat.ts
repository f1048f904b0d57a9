/** Work that is done again and again until it is told to stop. */

/** Longer pauses are split: a clock that jumps or a machine that slept is noticed within a day, and timers hold 24 days only. */
const LONGEST_PAUSE = 24 * 60 * 60 * 1000;

/** `work` returns the milliseconds to wait before it is called again; it must not reject. Returns the function that ends it. */
export function repeat(work: () => Promise<number>, firstPause = 0): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const next = (pause: number): void => {
    if (stopped) return;
    timer = setTimeout(() => void work().then(next), Math.min(Math.max(pause, 0), LONGEST_PAUSE)).unref();
  };
  next(firstPause);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
