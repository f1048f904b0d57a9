/** `logs`: what a run wrote, its stdout to stdout and its stderr to stderr. */
import { driverLogOperations } from "../../../core/events/contract.ts";
import { functionOperations } from "../../../core/functions/contract.ts";
import { runOperations } from "../../../core/runs/contract.ts";
import { optional } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { on } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { pause, unlessInterrupted } from "../../../frame/pause.ts";
import type { CallArguments, CallableOperation } from "../../client/client.ts";
import type { ServerEvent } from "../../client/event-reader.ts";
import { parseJson } from "../../client/json.ts";
import { type Context, command } from "../context/context.ts";
import { fetchRun, fetchRuns } from "../kinds/run.ts";
import { type JsonObject, list, objectOf, objectsOf, text } from "../output/json.ts";
import { printData } from "../output/print.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const pollMs = 500;

export const logs = command({
  name: "logs",
  aliases: ["log"],
  summary:
    "Print what a run wrote: that of RUN_ID, or the last one of FUNCTION_NAME; or what an event driver wrote: driver NAME",
  arguments: [optional("FUNCTION_NAME|RUN_ID", "Function"), optional("RUN_ID", "run")],
  flags: {
    follow: on("Print lines as they are written: of the run until it ends, of a function until Ctrl-C", { short: "f" }),
    all: on("With --follow: the lines of all functions"),
  },
  examples: [
    "dispatch logs hello",
    "dispatch logs hello --follow",
    "dispatch logs --all --follow",
    "dispatch logs driver clock --follow",
    "dispatch logs 2830d337-0e8f-4713-b6fe-3b332b63f451",
  ],
  run: async ({ flags: { follow, all }, ...context }) => {
    const [first = "", second = ""] = context.args;
    if (all && (!follow || first !== ""))
      throw new UsageError("--all follows all functions: dispatch logs --all --follow");
    if (all) return followed(context, runOperations.followRuns, {}, "named line");
    if (first === "")
      throw new UsageError("name a function or a run, or follow them all: dispatch logs --all --follow");
    if (/^(event-?)?driver$/.test(first) && second !== "" && !uuid.test(second))
      return logsOfDriver(context, second, follow);
    const [functionName, run] = second === "" && uuid.test(first) ? ["", first] : [first, second];
    if (run !== "")
      return follow ? followRun(context, run) : printLogs(context, await fetchRun(context, functionName, run));
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
    for (const line of lines) {
      const prefix = line.stream === "server" ? "[dispatch] " : "";
      io[line.stream === "stdout" ? "stdout" : "stderr"](`${prefix}${text(line, "text")}\n`);
    }
    if (!follow) return;
  }
}

/** A function that nobody ran yet has logs, empty ones; one that is not there has none. @throws ApiError for that one */
async function lastRun(context: Context, functionName: string): Promise<JsonObject | undefined> {
  const [last] = await fetchRuns(context, { functionName, limit: 1 });
  if (last === undefined) await context.client.call(functionOperations.get, { path: { functionName } });
  return last;
}

async function logsOfLast(context: Context, functionName: string): Promise<void> {
  const last = await lastRun(context, functionName);
  if (last) return printLogs(context, await fetchRun(context, functionName, text(last, "name")));
  context.io.stderr(`function ${functionName} has no runs; start one: dispatch exec ${functionName} --wait\n`);
  return printLogs(context, {});
}

/** Its lines as they come, until it has ended. @throws CliError when the user interrupts */
export function followLines(context: Context, runName: string, shown: Shown = "line"): Promise<void> {
  return followed(context, runOperations.followRun, { path: { runName } }, shown);
}

async function followRun(context: Context, runName: string): Promise<void> {
  const isText = context.format === "table";
  await followLines(context, runName, isText ? "line" : "nothing");
  if (!isText) await printLogs(context, await fetchRun(context, "", runName));
}

/** The last run's logs, then what the runs write from now on. */
async function followFunction(context: Context, functionName: string): Promise<void> {
  const last = await lastRun(context, functionName);
  const hasEnded = last?.status === "READY" || last?.status === "ERROR";
  if (hasEnded) await printLogs(context, await fetchRun(context, functionName, text(last, "name")));
  await followed(context, runOperations.followRuns, { query: { functionName } }, "line");
}

type Shown = "line" | "named line" | "nothing";

/** Until the stream ends. @throws CliError when the user interrupts */
function followed({ client, io }: Context, operation: CallableOperation, values: CallArguments, shown: Shown) {
  const heard = (event: ServerEvent): void => printEvent(io, event, shown);
  return unlessInterrupted(client.follow(operation, values, heard, io.signal), io.signal);
}

/** A line goes where the function wrote it; a named one says of which function it is. */
export function printEvent(io: Io, { event, data }: ServerEvent, shown: Shown): void {
  if (shown === "nothing") return;
  const fields = objectOf(parseJson(data));
  if (event === "lost") io.stderr(`[dispatch] ${String(fields.lines)} lines came faster than they could be shown\n`);
  if (event !== "line") return;
  const prefix = shown === "named line" ? `${text(fields, "functionName")} ${text(fields, "run")}: ` : "";
  io[fields.stream === "stderr" ? "stderr" : "stdout"](`${prefix}${text(fields, "line")}\n`);
}

async function printLogs(context: Context, run: JsonObject): Promise<void> {
  const { format, io } = context;
  const [stderr, stdout] = [list(objectOf(run.logs), "stderr"), list(objectOf(run.logs), "stdout")];
  if (format === "json" || format === "yaml") return printData(context, { stderr, stdout });
  io.stdout(stdout.map((line) => `${line}\n`).join(""));
  io.stderr(stderr.map((line) => `${line}\n`).join(""));
}
