import { functionOperations } from "../../../core/functions/contract.ts";
import { argument, type Context } from "../frame/context.ts";
import { list, text } from "../kinds/kind.ts";
import { printData } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { RunFeed } from "./follow-runs.ts";
import { pause } from "./pause.ts";
import { fetchRun, fetchRuns } from "./runs.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const pollMs = 500;

/** `logs`: what a run wrote, its stdout to stdout and its stderr to stderr. */
export async function logs(context: Context): Promise<number> {
  const [first, second] = [argument(context, 0), argument(context, 1)];
  const follow = context.flags.on("follow");
  if (second !== "") return logsOfRun(context, first, second, follow);
  if (uuid.test(first)) return logsOfRun(context, "", first, follow);
  return follow ? followFunction(context, first) : logsOfLast(context, first);
}

/** With --follow as soon as the run has ended: what it wrote comes with its result. */
async function logsOfRun(context: Context, functionName: string, id: string, follow: boolean): Promise<number> {
  let run = await fetchRun(context, functionName, id);
  while (follow && !hasEnded(run)) {
    await pause(pollMs, context.io.signal);
    run = await fetchRun(context, functionName, id);
  }
  return printLogs(context, run);
}

async function logsOfLast(context: Context, functionName: string): Promise<number> {
  const [last] = await fetchRuns(context, { functionName, limit: 1 });
  if (last) return printLogs(context, await fetchRun(context, functionName, text(last, "name")));
  // A function that nobody ran yet has logs, empty ones; one that is not there has none.
  await context.client.call(functionOperations.get, { path: { functionName } });
  context.io.stderr(`function ${functionName} has no runs; start one: dispatch exec ${functionName} --wait\n`);
  return printLogs(context, {});
}

/** The last run's logs, then those of every run that ends. */
async function followFunction(context: Context, functionName: string): Promise<number> {
  const feed = await RunFeed.open(context, { functionName });
  const [last] = await fetchRuns(context, { functionName, limit: 1 });
  if (last && hasEnded(last)) await printLogs(context, await fetchRun(context, functionName, text(last, "name")));
  if (last) feed.know([last]);
  for (;;) {
    for (const run of (await feed.next()).filter(hasEnded)) {
      await printLogs(context, await fetchRun(context, functionName, text(run, "name")));
    }
  }
}

function hasEnded(run: JsonObject): boolean {
  return run.status === "READY" || run.status === "ERROR";
}

async function printLogs(context: Context, run: JsonObject): Promise<number> {
  const written = isObject(run.logs) ? run.logs : {};
  if (context.format === "json" || context.format === "yaml") {
    await printData(context, { stderr: list(written, "stderr"), stdout: list(written, "stdout") });
    return 0;
  }
  context.io.stdout(lines(written, "stdout"));
  context.io.stderr(lines(written, "stderr"));
  return 0;
}

function lines(written: JsonObject, stream: "stdout" | "stderr"): string {
  return list(written, stream)
    .map((line) => `${line}\n`)
    .join("");
}
