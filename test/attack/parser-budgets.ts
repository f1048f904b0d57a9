/**
 * Budgets of everything that reads a stranger's bytes. Each parser is fed its worst shapes at two sizes: twice the bytes may
 * take at most two and a half times as long, and none may take more than five times as long as JSON.parse takes for as many
 * bytes. Ratios, never seconds: a slow machine is no fault. A parser more is a row more in `parsers`.
 */

import { setTimeout as delay } from "node:timers/promises";

/** One parser with what is worst for it. */
export interface Budget {
  readonly name: string;
  /** Bytes of the largest input that reaches it. */
  readonly largest: number;
  /** Inputs of about as many bytes. */
  readonly shapes: Readonly<Record<string, (bytes: number) => string>>;
  /** Reads it; whether it is refused does not matter. */
  read(input: string): unknown;
  /** It is JSON.parse that takes the time: what it takes for the very same input is the measure, where that is more, and how that grows. */
  readonly json?: true;
  /** It runs in a thread of its own, where only its growth matters to others. */
  readonly offThread?: true;
}

export interface Measured {
  readonly name: string;
  readonly shape: string;
  /** Time for the largest input by the time for half of it. */
  readonly growth: number;
  /** Time for the largest input by the time of JSON.parse. */
  readonly share: number;
}

export const MOST_GROWTH = 2.5;
export const MOST_SHARE = 5;

const REPEATS = 8;
/**
 * Milliseconds of processor time from which it is trusted: many kernels count it in ticks of 4 ms, so a run of 1 ms may be
 * told as 0 or as 4. A shorter run is timed by the clock: it often ends before anybody else has a turn.
 */
const SURE = 40;
/** Milliseconds after which no further run is worth its time. */
const ENOUGH = 150;
/** Milliseconds below which a measurement says nothing about growth. */
const NOTICEABLE = 2;

/** Whether a stranger could hold up others with it. */
export function isOverBudget({ growth, share }: Measured): boolean {
  return growth > MOST_GROWTH || share > MOST_SHARE;
}

/** Below half of what JSON.parse takes, even for the largest input, growth is a matter of the clock. */
const RELEVANT_SHARE = 0.5;

/** How long a burst of other work on the machine is let pass before the next try; milliseconds. */
const BURST_MS = 300;

/** Measures one shape; what is over its budget is measured again, for a busy machine makes mistakes. */
export async function measure(budget: Budget, shape: string, tries = 10): Promise<Measured> {
  const measured = await measureOnce(budget, shape);
  if (!isOverBudget(measured) || tries <= 1) return measured;
  await delay(BURST_MS);
  return measure(budget, shape, tries - 1);
}

async function measureOnce({ name, largest, shapes, read, json, offThread }: Budget, shape: string): Promise<Measured> {
  const make = shapes[shape];
  if (make === undefined) throw new Error(`${name} has no shape ${shape}`);
  const [half, whole] = [make(largest / 2), make(largest)];
  const same = json ? await fastest(() => JSON.parse(whole)) : 0;
  const reference = Math.max(same, await referenceTime(largest));
  const small = await fastest(() => read(half));
  const large = await fastest(() => read(whole));
  const share = large / Math.max(reference, NOTICEABLE / 4);
  const growth = share < RELEVANT_SHARE ? 1 : large / Math.max(small, NOTICEABLE / MOST_GROWTH);
  if (json && growth > MOST_GROWTH) {
    const own = same / (await fastest(() => JSON.parse(half)));
    return { name, shape, growth: (2 * growth) / Math.max(2, own), share };
  }
  return { name, shape, growth, share: offThread ? 0 : share };
}

/** Milliseconds that it takes, the least of several runs: whatever disturbs only adds. */
async function fastest(work: () => unknown): Promise<number> {
  let [least, all] = [Number.POSITIVE_INFINITY, 0];
  for (let run = 0; run < REPEATS && all < ENOUGH; run++) {
    const [began, before] = [performance.now(), process.threadCpuUsage()];
    await attempt(work);
    const { user, system } = process.threadCpuUsage(before);
    const [passed, used] = [performance.now() - began, (user + system) / 1000];
    all += passed;
    least = Math.min(least, used < SURE ? passed : Math.min(passed, used));
  }
  return least;
}

const references = new Map<number, number>();

/** What JSON.parse takes for as many bytes; measured once. */
async function referenceTime(bytes: number): Promise<number> {
  const known = references.get(bytes);
  if (known !== undefined) return known;
  const text = document(bytes);
  const time = await fastest(() => JSON.parse(text));
  references.set(bytes, time);
  return time;
}

async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch {
    // A refusal is an answer, too: what it costs is what counts.
  }
}

/** JSON as it comes every day: a list of small objects. */
export function document(bytes: number): string {
  const item = '{"name":"vmtest01","zone":"eu-west-1","cores":2,"tags":["a","b"]}';
  return `[${Array(Math.max(1, Math.floor(bytes / (item.length + 1))))
    .fill(item)
    .join(",")}]`;
}
