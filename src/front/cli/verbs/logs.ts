import { driverLogOperations } from "../../../core/events/contract.ts";
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
const DRIVER_WORDS: ReadonlySet<string> = new Set(["driver", "eventdriver", "event-driver"]);

/** `logs`: what a run wrote, its stdout to stdout and its stderr to stderr. */
export async function logs(context: Context): Promise<number> {
  const [first, second] = [argument(context, 0), argument(context, 1)];
  const follow = context.flags.on("follow");
  if (DRIVER_WORDS.has(first) && second !== "" && !uuid.test(second)) return logsOfDriver(context, second, follow);
  if (second !== "") return logsOfRun(context, first, second, follow);
  if (uuid.test(first)) return logsOfRun(context, "", first, follow);
  return follow ? followFunction(context, first) : logsOfLast(context, first);
}

/** The last lines of a driver and what the server says of it; with --follow those that come, until Ctrl-C. */
async function logsOfDriver(context: Context, driverName: string, follow: boolean): Promise<number> {
  for (let since = 0; ; await pause(pollMs, context.io.signal)) {
    const found = await context.client.call(driverLogOperations.getLog, { path: { driverName }, query: { since } });
    const lines = (found as JsonObject[]).map((line) => ({ ...line, text: text(line, "text") }));
    // A server that has started anew counts from the beginning.
    since = Number((lines.at(-1) as JsonObject | undefined)?.number ?? since);
    if (!follow && (context.format === "json" || context.format === "yaml")) {
      await printData(context, lines);
      return 0;
    }
    for (const line of lines as JsonObject[]) {
      const isOutput = line.stream === "stdout";
      const written = line.stream === "server" ? `[dispatch] ${text(line, "text")}\n` : `${text(line, "text")}\n`;
      if (isOutput) context.io.stdout(written);
      else context.io.stderr(written);
    }
    if (!follow) return 0;
  }
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
