/** What alerts say. Short: it is read in a channel. */
import type { MissedTimes } from "../events/missed.ts";

/** Runs that failed, by function. */
export interface FailedRuns {
  readonly counts: ReadonlyMap<string, number>;
  readonly last: { readonly id: string; readonly functionName: string; readonly message: string } | undefined;
}

export interface DownDriver {
  readonly name: string;
  readonly reason: string;
}

export interface NewLetters {
  readonly added: number;
  readonly all: number;
  readonly last: { readonly id: string; readonly error: string } | undefined;
}

/** Times that a clock missed. */
export interface Missed extends MissedTimes {
  /** The driver's. */
  readonly name: string;
}

const MOST_NAMED = 5;
const LONGEST = 300;

export function failedRunsWords({ counts, last }: FailedRuns): string {
  const most = [...counts].toSorted(([, one], [, other]) => other - one);
  const named = most.slice(0, MOST_NAMED).map(([name, count]) => `${name} ${count}`);
  const others = most.length > MOST_NAMED ? `, ${most.length - MOST_NAMED} more functions` : "";
  const told = `${counted(total(counts), "run")} failed: ${named.join(", ")}${others}.`;
  return last === undefined ? told : `${told} The last, ${last.functionName} ${last.id}: ${short(last.message)}`;
}

export function total(counts: FailedRuns["counts"]): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

export function downWords({ name, reason }: DownDriver): string {
  return `Event driver ${name} is down: ${short(reason)}`;
}

export function upWords(name: string): string {
  return `Event driver ${name} is up again.`;
}

export function lettersWords({ added, all, last }: NewLetters): string {
  const told = `${counted(added, "new dead letter")}, ${all} in all.`;
  return last === undefined ? told : `${told} The last, ${last.id}: ${short(last.error)}`;
}

export function missedWords(missed: readonly Missed[]): string {
  const named = missed.slice(-MOST_NAMED).map(missedLine);
  const others =
    missed.length > MOST_NAMED
      ? [`Before that, clocks missed times on ${missed.length - MOST_NAMED} more occasions.`]
      : [];
  return [...named, ...others].join("\n");
}

function missedLine({ name, count, ...times }: Missed): string {
  const [first, last] = [times.first, times.last].map((time) => new Date(time).toISOString());
  return `The clock ${name} missed ${counted(count, "time")}: ${first === last ? first : `from ${first} to ${last}`}.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The first line, and not too much of it. */
function short(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} ...` : line;
}
