/** An attack is data: a name, a group, and a function that tries it on a running server and judges what came of it. */
import type { Target } from "./target.ts";

/** `undefined` when it could not be tried here; the detail says why. */
export interface Verdict {
  readonly held: boolean | undefined;
  /** A few words: what the server answered, or what the attacker got. */
  readonly detail: string;
}

export interface Attack {
  readonly name: string;
  readonly group: string;
  run(target: Target): Promise<Verdict>;
}

/** Attacks of one group. */
export function attacksOf(group: string, attempts: Readonly<Record<string, Attack["run"]>>): Attack[] {
  return Object.entries(attempts).map(([name, run]) => ({ name, group, run }));
}

export const judge = (held: boolean, detail: unknown): Verdict => ({ held, detail: short(detail) });

export const notTried = (why: string): Verdict => ({ held: undefined, detail: why });

/** Held when nothing is in the list of what the attacker got. */
export function nothingOf(loot: readonly unknown[], held: string): Verdict {
  return loot.length === 0 ? judge(true, held) : judge(false, loot);
}

const LONGEST = 160;

function short(detail: unknown): string {
  const text = typeof detail === "string" ? detail : JSON.stringify(detail);
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} ...` : line;
}
