/** Tries attacks one after the other and keeps what came of each. */
import { type Attack, judge, type Verdict } from "./attack.ts";
import type { Target } from "./target.ts";

export interface Tried extends Verdict {
  readonly name: string;
  readonly group: string;
  readonly seconds: number;
}

/** What no attack may take longer than; then it counts as one that succeeded. */
const PATIENCE_MS = 120_000;

export async function tryAll(
  target: Target,
  attacks: readonly Attack[],
  told: (tried: Tried) => void = () => undefined,
): Promise<Tried[]> {
  const all: Tried[] = [];
  for (const attack of attacks) {
    const begun = performance.now();
    const verdict = await judged(target, attack);
    const { name, group } = attack;
    const tried = { name, group, ...verdict, seconds: (performance.now() - begun) / 1000 };
    told(tried);
    all.push(tried);
  }
  return all;
}

/** An attack after which the server no longer answers has succeeded, whatever it says itself; so has one without an end. */
async function judged(target: Target, attack: Attack): Promise<Verdict> {
  const verdict = await attempt(target, attack);
  if (await target.isAlive()) return verdict;
  await target.restart();
  return judge(false, `the server did not answer any more (${verdict.detail})`);
}

function attempt(target: Target, attack: Attack): Promise<Verdict> {
  const late = new Promise<Verdict>((resolve) =>
    setTimeout(resolve, PATIENCE_MS, judge(false, `no end after ${PATIENCE_MS / 1000} s`)).unref(),
  );
  const verdict = attack.run(target).catch((error: unknown) => judge(false, `could not be judged: ${error}`));
  return Promise.race([verdict, late]);
}
