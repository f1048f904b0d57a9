/** The harness behind every speed that the documentation states. `npm run bench`, with `-- --write` for docs/performance.md. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineText } from "./machine.ts";
import type { Measure } from "./measure.ts";
import { coldStart } from "./measures/cold-start.ts";
import { commandLine } from "./measures/command-line.ts";
import { deployment } from "./measures/deployment.ts";
import { eventQueue } from "./measures/event-queue.ts";
import { events } from "./measures/events.ts";
import { fairness } from "./measures/fairness.ts";
import { languages } from "./measures/languages.ts";
import { runList } from "./measures/run-list.ts";
import { schedules } from "./measures/schedules.ts";
import { waitingRuns } from "./measures/waiting-runs.ts";
import { warmRuns } from "./measures/warm-runs.ts";
import { type Options, readOptions } from "./options.ts";
import { pinGenerator } from "./pinning.ts";
import { reportPage } from "./report.ts";
import type { Row } from "./row.ts";
import { textTable } from "./table.ts";

const measures: Readonly<Record<string, Measure>> = {
  ...{ warmRuns, fairness, deployment, coldStart, languages },
  ...{ runList, commandLine, events, eventQueue, waitingRuns, schedules },
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const warning = pinGenerator();
  if (warning !== undefined) console.error(warning);
  const rows = await measureAll(options);
  console.log(`${machineText()}\n\n${textTable(rows)}`);
  if (options.write) {
    const page = reportPage(rows, machineText(), new Date().toISOString().slice(0, 10), options);
    await writeFile(join(import.meta.dirname, "../docs/performance.md"), page);
  }
}

async function measureAll({ only, ...options }: Options): Promise<Row[]> {
  const unknown = only.find((name) => !(name in measures));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: one of ${Object.keys(measures).join(", ")}`);
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(measures)) {
    if (only.length === 0 || only.includes(name)) rows.push(...(await measure({ only, ...options })));
  }
  return rows;
}

await main().catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
