/** Runs: not a kind of batch files, but fetched, printed and described like one. */
import { type RunDetails, runOperations } from "../../../core/runs/contract.ts";
import { ApiError } from "../../client/errors.ts";
import type { Context } from "../frame/context.ts";
import { jsonText } from "../output/encode.ts";
import { type Fact, textLines } from "../output/facts.ts";
import { printResources } from "../output/print.ts";
import { isObject, type JsonObject, type Shape } from "../output/shape.ts";
import { duration, rfc3339 } from "../output/time.ts";
import { type KindTable, keys, list, objectOf, objectsOf, plainStyle, text, textColumn } from "./kind.ts";
import { runTitle } from "./run-title.ts";

/** The keys of a printed run (cli-and-runtimes.md 1.8). */
export const runShape: Shape = {
  ...keys(
    "blocking? error? event? executedTime? faasId? finishedTime? functionId? functionName? httpContext? input?? logs? name? output?? reason secrets services startAt? status? tags title?",
  ),
  nested: {
    error: keys("message stacktrace type"),
    logs: keys("stderr stdout"),
    event: keys(
      "eventType eventTypeVersion? cloudEventsVersion source eventID eventTime schemaURL? contentType? extensions?",
    ),
  },
};

/** Local times and how long it took; a run that has not ended shows neither (decisions.md 6). */
export const runTable: KindTable = {
  style: plainStyle,
  columns: [
    textColumn("ID", "name"),
    textColumn("Function", "functionName"),
    textColumn("Status", "status"),
    { title: "Started", cell: (run) => rfc3339(time(run, "executedTime")) },
    { title: "Finished", cell: (run) => rfc3339(time(run, "finishedTime")) },
    { title: "Duration", cell: (run) => took(run) },
    { title: "Title", cell: runTitle },
  ],
};

/** Unix nanoseconds; undefined for none, and for the zero time of older servers. */
export function time(run: JsonObject, key: "executedTime" | "finishedTime"): bigint | undefined {
  const value = run[key];
  const nanoseconds = typeof value === "bigint" ? value : typeof value === "number" ? BigInt(value) : undefined;
  return nanoseconds !== undefined && nanoseconds > 0n ? nanoseconds : undefined;
}

/** How long a run took; "" until it ended. */
export function took(run: JsonObject): string {
  const started = time(run, "executedTime");
  const finished = time(run, "finishedTime");
  return started === undefined || finished === undefined ? "" : duration(finished - started);
}

/** What went in, what came out, what it wrote, where its time went. */
export function runFacts(run: JsonObject, details: Partial<RunDetails>): Fact[] {
  const [error, logs] = [objectOf(run.error), objectOf(run.logs)];
  const cause = text(error, "type") && `${text(error, "type")}: ${text(error, "message")}`;
  return [
    ["ID", [text(run, "name")]],
    ["Function", [text(run, "functionName")]],
    ["Title", [text(run, "title")]],
    ["Status", [text(run, "status")]],
    ["Error", [...textLines(cause), ...list(error, "stacktrace").flatMap(textLines)]],
    ["Started", [rfc3339(time(run, "executedTime"))]],
    ["Finished", [rfc3339(time(run, "finishedTime"))]],
    ["Duration", [took(run)]],
    ["Time went to", timeLines(details.times)],
    ["Asked by", [details.trigger ?? ""]],
    ["Acting for", [details.people?.join(", ") ?? ""]],
    ["Called by run", [details.parent ?? ""]],
    ["Attempts", [(details.attempt ?? 1) > 1 ? String(details.attempt) : ""]],
    ["Event", [isObject(run.event) ? text(run.event, "eventType") : ""]],
    ["Secrets", [list(run, "secrets").join(", ")]],
    ["Input", valueLines(run.input)],
    ["Output", valueLines(run.output)],
    ["Stdout", list(logs, "stdout")],
    ["Stderr", list(logs, "stderr")],
  ];
}

/** The longest part first: that is why the run was slow. */
function timeLines(times: RunDetails["times"]): readonly string[] {
  if (times === undefined) return [];
  const parts: [microseconds: number, words: string][] = [
    [times.queue, "waiting for its turn"],
    [times.start, "starting a worker, because none was free (cold start)"],
    [times.load, "loading the function into it"],
    [times.handler, "the handler"],
  ];
  const shown = parts.filter(([microseconds]) => microseconds > 0).sort(([one], [other]) => other - one);
  return shown.map(([microseconds, words]) => `${duration(BigInt(microseconds) * 1000n).padEnd(8)} ${words}`);
}

function valueLines(value: unknown): readonly string[] {
  return value === undefined || value === null ? [] : textLines(jsonText(value, 2));
}

/** A run in one line: id, status, start, duration, what went wrong. */
export function runLine(run: JsonObject): string {
  const error = text(objectOf(run.error), "message").split("\n")[0];
  const started = rfc3339(time(run, "executedTime"));
  return [text(run, "name"), text(run, "status").padEnd(8), started, took(run), error].filter(Boolean).join("  ");
}

/** One run of a function; a function name of "" means any. */
export async function fetchRun({ client }: Context, functionName: string, id: string): Promise<JsonObject> {
  const query = functionName === "" ? {} : { functionName };
  return { ...(await client.call(runOperations.getRun, { path: { runName: id }, query })) };
}

/** What is known of a run besides the Run object; older servers tell none of it. */
export async function fetchRunDetails({ client }: Context, runName: string): Promise<Partial<RunDetails>> {
  try {
    return await client.call(runOperations.explainRun, { path: { runName } });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {};
    throw error;
  }
}

/** The query of a list of runs; undefined values are left out. */
export type RunQuery = Readonly<Record<string, string | number | undefined>>;

/** Runs, newest first: all of them without a limit. */
export async function fetchRuns({ client }: Context, query: RunQuery): Promise<JsonObject[]> {
  return objectsOf(await client.all(runOperations.listRuns, { query }));
}

/** Prints one run or a list, in the format of the call. */
export function printRuns(context: Context, runs: JsonObject | readonly JsonObject[]): Promise<void> {
  return printResources(context, { shape: runShape, table: runTable }, runs);
}
