import { stringifyJson } from "../../client/json.ts";
import type { Context } from "../context.ts";
import { printNames } from "../output/print.ts";
import type { JsonObject } from "../output/shape.ts";
import { renderRows } from "../output/table.ts";
import { text } from "../resources/kind.ts";
import { runTable } from "../resources/run.ts";
import { fetchRuns, printRuns } from "./runs.ts";
import { pause } from "./wait.ts";

const pollMs = 2000;

/**
 * Asks every two seconds for runs that are new or have changed, and prints them: rows without a heading, or one array
 * each time as JSON. Ends, with 1, when the user interrupts.
 */
export async function followRuns(
  context: Context,
  functionName: string,
  printed: readonly JsonObject[],
): Promise<number> {
  const seen = new Map(printed.map((run) => [text(run, "name"), stateOf(run)]));
  for (;;) {
    // A second of overlap: the server keeps whole seconds, and what was printed already is known.
    const since = Math.floor(context.io.now() / 1000) - pollMs / 1000 - 1;
    await pause(pollMs, context.io.signal);
    const runs = await fetchRuns(context, { functionName: functionName || undefined, since });
    const fresh = runs.filter((run) => seen.get(text(run, "name")) !== stateOf(run)).toReversed();
    for (const run of fresh) seen.set(text(run, "name"), stateOf(run));
    if (fresh.length > 0) await printFresh(context, fresh);
  }
}

function stateOf(run: JsonObject): string {
  return stringifyJson([run.status, run.finishedTime]);
}

async function printFresh(context: Context, runs: readonly JsonObject[]): Promise<void> {
  if (context.format === "name") return printNames(context, runs);
  if (context.format !== "table") return printRuns(context, runs);
  const cells = runs.map((run) => runTable.columns.map((column) => column.cell(run, context.settings)));
  context.io.stdout(renderRows(runTable.style, cells));
}
