/** `logs`: what a run wrote, its stdout to stdout and its stderr to stderr. */
import { driverLogOperations } from "../../../core/events/contract.ts";
import { functionOperations } from "../../../core/functions/contract.ts";
import { needed, optional } from "../frame/command.ts";
import { type Context, command } from "../frame/context.ts";
import { on } from "../frame/flags.ts";
import { pause } from "../frame/pause.ts";
import { list, objectOf, objectsOf, text } from "../kinds/kind.ts";
import { fetchRun, fetchRuns } from "../kinds/run.ts";
import { printData } from "../output/print.ts";
import type { JsonObject } from "../output/shape.ts";
import { RunFeed } from "./run-feed.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const pollMs = 500;
const driverWords = ["driver", "eventdriver", "event-driver"];

export const logs = command({
  name: "logs",
  aliases: ["log"],
  summary:
    "Print what a run wrote: that of RUN_ID, or the last one of FUNCTION_NAME; or what an event driver wrote: driver NAME",
  arguments: [needed("FUNCTION_NAME|RUN_ID", "Function"), optional("RUN_ID", "run")],
  flags: {
    follow: on("Wait for the run to end; for a function, go on with its next runs until Ctrl-C", { short: "f" }),
  },
  examples: [
    "dispatch logs hello",
    "dispatch logs hello --follow",
    "dispatch logs driver clock --follow",
    "dispatch logs 2830d337-0e8f-4713-b6fe-3b332b63f451",
  ],
  run: async ({ flags: { follow }, ...context }) => {
    const [first = "", second = ""] = context.args;
    if (driverWords.includes(first) && second !== "" && !uuid.test(second))
      return logsOfDriver(context, second, follow);
    if (second !== "") return logsOfRun(context, first, second, follow);
    if (uuid.test(first)) return logsOfRun(context, "", first, follow);
    return follow ? followFunction(context, first) : logsOfLast(context, first);
  },
});

/** The last lines of a driver and what the server says of it; with --follow those that come, until Ctrl-C. */
async function logsOfDriver(context: Context, driverName: string, follow: boolean): Promise<void> {
  const { client, format, io } = context;
  for (let since = 0; ; await pause(pollMs, io.signal)) {
    const lines = objectsOf(await client.call(driverLogOperations.getLog, { path: { driverName }, query: { since } }));
    // A server that has started anew counts from the beginning.
    since = Number(lines.at(-1)?.number ?? since);
    if (!follow && (format === "json" || format === "yaml")) return printData(context, lines);
    for (const line of lines)
      io[line.stream === "stdout" ? "stdout" : "stderr"](
        `${line.stream === "server" ? "[dispatch] " : ""}${text(line, "text")}\n`,
      );
    if (!follow) return;
  }
}

/** With --follow as soon as the run has ended: what it wrote comes with its result. */
async function logsOfRun(context: Context, functionName: string, id: string, follow: boolean): Promise<void> {
  let run = await fetchRun(context, functionName, id);
  while (follow && !hasEnded(run)) {
    await pause(pollMs, context.io.signal);
    run = await fetchRun(context, functionName, id);
  }
  return printLogs(context, run);
}

async function logsOfLast(context: Context, functionName: string): Promise<void> {
  const [last] = await fetchRuns(context, { functionName, limit: 1 });
  if (last) return logsOfRun(context, functionName, text(last, "name"), false);
  // A function that nobody ran yet has logs, empty ones; one that is not there has none.
  await context.client.call(functionOperations.get, { path: { functionName } });
  context.io.stderr(`function ${functionName} has no runs; start one: dispatch exec ${functionName} --wait\n`);
  return printLogs(context, {});
}

/** The last run's logs, then those of every run that ends. */
async function followFunction(context: Context, functionName: string): Promise<never> {
  const feed = await RunFeed.open(context, { functionName });
  const [last] = await fetchRuns(context, { functionName, limit: 1 });
  if (last && hasEnded(last)) await logsOfRun(context, functionName, text(last, "name"), false);
  if (last) feed.know([last]);
  for (;;) {
    for (const run of (await feed.next()).filter(hasEnded))
      await logsOfRun(context, functionName, text(run, "name"), false);
  }
}

function hasEnded({ status }: JsonObject): boolean {
  return status === "READY" || status === "ERROR";
}

async function printLogs(context: Context, run: JsonObject): Promise<void> {
  const { format, io } = context;
  const [stderr, stdout] = [list(objectOf(run.logs), "stderr"), list(objectOf(run.logs), "stdout")];
  if (format === "json" || format === "yaml") return printData(context, { stderr, stdout });
  io.stdout(stdout.map((line) => `${line}\n`).join(""));
  io.stderr(stderr.map((line) => `${line}\n`).join(""));
}
