/** All faults in their full length. `npm run faults`, with `-- --help` for what it can be asked. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../src/core/shared/message-of.ts";
import { type FaultName, faults, helpText, type Options, readOptions } from "./options.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

function main(): number {
  const options = readOptions(process.argv.slice(2));
  if (!options.help) return bring(options);
  console.log(helpText);
  return 0;
}

/** @returns the exit status */
function bring({ seed, points, rounds, only }: Options): number {
  console.log(
    `seed ${seed}: ${points} kills, ${rounds} rounds of each other fault; --seed ${seed} draws the same lots`,
  );
  const names = only.length === 0 ? (Object.keys(faults) as FaultName[]) : only;
  const files = names.flatMap((name) => faults[name]);
  const environment = {
    FAULTS_SEED: String(seed),
    FAULTS_POINTS: String(points),
    FAULTS_ROUNDS: String(rounds),
    CLOUD_KILLS: "50",
    CLOUD_KILLS_SEED: String(seed),
  };
  // What did not hold once did not hold: nothing is tried again.
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "main", "--retry", "0", ...files];
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, vitest, { cwd: root, env, stdio: "inherit" });
  console.log(`seed ${seed}: ${status === 0 ? "everything held" : "something did not hold"}`);
  return status ?? 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`faults: ${messageOf(error)}`);
  process.exitCode = 1;
}
