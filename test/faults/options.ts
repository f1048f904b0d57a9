/** What the person at the keyboard asks of the faults. */
import { parseArgs } from "node:util";

/** Every fault, and the tests that bring it. */
export const faults = {
  kills: ["test/faults/kills.test.ts"],
  disk: ["test/faults/disk.test.ts", "test/e2e/server/unrecorded.test.ts", "test/e2e/server/low-disk.test.ts"],
  thread: ["test/faults/database-thread.test.ts"],
  clock: ["test/faults/clock.test.ts"],
  work: [
    "test/contract/work.test.ts",
    ...["attempts", "later", "deliveries"].map((name) => `test/e2e/server/${name}.test.ts`),
  ],
  clouds: ["apps/cloudmaster/test/kills.test.ts"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FaultName = keyof typeof faults;

export interface Options {
  readonly seed: number;
  /** Moments at which the server is killed. */
  readonly points: number;
  /** How often each other fault happens. */
  readonly rounds: number;
  readonly only: readonly FaultName[];
  readonly help: boolean;
}

/** @throws Error with a sentence when an option, a number or a fault is none. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      points: { type: "string", default: "500" },
      rounds: { type: "string", default: "10" },
      only: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    seed: wholeNumber("seed", values.seed, 0),
    points: wholeNumber("points", values.points, 1),
    rounds: wholeNumber("rounds", values.rounds, 1),
    only: values.only.map(faultName),
    help: values.help,
  };
}

function wholeNumber(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number >= 2 ** 31)
    throw new Error(`--${flag} ${text}: expected a whole number from ${least} to ${2 ** 31 - 1}`);
  return number;
}

function faultName(name: string): FaultName {
  if (name in faults) return name as FaultName;
  throw new Error(`--only ${name}: one of ${Object.keys(faults).join(", ")}`);
}

export const helpText = `Faults under mixed load: runs, events, deployments, builds and state, while the server is killed, its disk is full,
its database's thread ends and its clock steps. What was acknowledged must be done, and once.

Usage
  npm run faults                        all of it: about an hour
  npm run faults -- --only FAULT        one of ${Object.keys(faults).join(", ")}; repeatable
  npm run faults -- --points N          kills of the server (500)
  npm run faults -- --rounds N          times of every other fault (10)
  npm run faults -- --seed N            draws the same lots as the run that printed this seed

Example
  npm run faults -- --only kills --points 50 --seed 7
`;
