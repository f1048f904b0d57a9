/** What the person at the keyboard asks of the harness. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { languageNames } from "../src/core/languages/languages.ts";
import type { Language } from "../src/core/shared/ports.ts";

export interface Options {
  /** Also write docs/performance.md. */
  readonly write: boolean;
  /** Folder with `bin/` and `dist/`: another build of Dispatch can be measured with the same harness. */
  readonly installation: string;
  /** Measures to run, by name; empty is all. */
  readonly only: readonly string[];
  /** Languages that are measured one by one, where they are here. */
  readonly languages: readonly Language[];
  readonly rounds: number;
  /** Requests of one round. */
  readonly requests: number;
  readonly clients: number;
  /** Functions that are called cold, one after another. */
  readonly coldFunctions: number;
  /** Functions of each language that are called cold, from a waiting worker and from nothing. */
  readonly coldCalls: number;
  /** Functions that are called cold at once. */
  readonly burst: number;
  /** Deployments per language. */
  readonly deployments: number;
  /** Runs in the store while the list is measured. */
  readonly storedRuns: number;
  /** Events that wait while the server is killed. */
  readonly queued: number;
  /** Runs that wait for their time, and for how long the server is watched. */
  readonly scheduled: number;
  readonly idleSeconds: number;
  /** Pairs of command line and bare Node.js. */
  readonly pairs: number;
}

const counts = {
  rounds: 7,
  requests: 10_000,
  clients: 32,
  "cold-functions": 30,
  "cold-calls": 9,
  burst: 20,
  deployments: 15,
  "stored-runs": 400_000,
  queued: 100_000,
  scheduled: 10_000,
  "idle-seconds": 20,
  pairs: 25,
} as const;

type CountName = keyof typeof counts;

/** @throws Error with a sentence when an option is unknown or a count is no positive number. */
export function readOptions(args: readonly string[]): Options {
  const numbers = Object.fromEntries(Object.keys(counts).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({
    args: [...args],
    options: {
      write: { type: "boolean" },
      installation: { type: "string" },
      only: { type: "string", multiple: true },
      language: { type: "string", multiple: true },
      ...numbers,
    },
  });
  const given = values as Readonly<Record<string, unknown>>;
  const count = (name: CountName): number => positive(name, given[name], counts[name]);
  return {
    write: given.write === true,
    installation: typeof given.installation === "string" ? given.installation : join(import.meta.dirname, ".."),
    only: (given.only as string[] | undefined) ?? [],
    languages: languagesOf((given.language as string[] | undefined) ?? languageNames),
    rounds: count("rounds"),
    requests: count("requests"),
    clients: count("clients"),
    coldFunctions: count("cold-functions"),
    coldCalls: count("cold-calls"),
    burst: count("burst"),
    deployments: count("deployments"),
    storedRuns: count("stored-runs"),
    queued: count("queued"),
    scheduled: count("scheduled"),
    idleSeconds: count("idle-seconds"),
    pairs: count("pairs"),
  };
}

function languagesOf(names: readonly string[]): readonly Language[] {
  return names.map((name) => {
    const language = languageNames.find((known) => known === name);
    if (language === undefined) throw new Error(`--language ${name}: one of ${languageNames.join(", ")}`);
    return language;
  });
}

function positive(name: string, given: unknown, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, not ${JSON.stringify(given)}`);
}
