/** Runs: not a kind of batch files, but fetched, printed and described like one. */
import { type RunDetails, runOperations } from "../../../core/runs/contract.ts";
import { unlessMissing } from "../../client/errors.ts";
import type { Context } from "../context/context.ts";
import { jsonText } from "../output/encode.ts";
import { textLines } from "../output/facts.ts";
import { isObject, type JsonObject, list, number, objectOf, objectsOf, text } from "../output/json.ts";
import { printResources } from "../output/print.ts";
import type { Shape } from "../output/shape.ts";
import { duration, millisecondsText, rfc3339 } from "../output/time.ts";
import { type Facts, tableOf } from "./kind.ts";

/** The keys of a printed run (cli-and-runtimes.md 1.8). */
export const runShape: Shape = {
  keys: "blocking? error? event? executedTime? faasId? finishedTime? functionId? functionName? httpContext? input?? logs? name? output?? reason secrets services startAt? status? tags title?",
  nested: {
    error: "message stacktrace type",
    logs: "stderr stdout",
    event:
      "eventType eventTypeVersion? cloudEventsVersion source eventID eventTime schemaURL? contentType? extensions?",
  },
};

/** Local times and how long it took; a run that has not ended shows neither (decisions.md 6). */
export const runTable = tableOf({
  ID: "name",
  Function: "functionName",
  Status: "status",
  Started: (run) => rfc3339(time(run, "executedTime")),
  Finished: (run) => rfc3339(time(run, "finishedTime")),
  Duration: took,
  Title: runTitle,
});

const LONGEST_TITLE = 40;
/** Their values may be secret, and a table is shown around. */
const PRIVATE = /token|secret|passw|key|credential|auth|signature|cookie/i;

/** What a run is about, in a table: the title that the function gave, else the first of what it was called with. */
function runTitle(run: JsonObject): string {
  const line = String(run.title ?? wordsOf(run.input))
    .replaceAll(/\s+/g, " ")
    .trim();
  const letters = Array.from(line);
  return letters.length > LONGEST_TITLE ? `${letters.slice(0, LONGEST_TITLE - 3).join("")}...` : line;
}

function wordsOf(input: unknown): string {
  if (!isObject(input)) return Array.isArray(input) ? input.map(wordOf).join(" ") : wordOf(input);
  // As chat commands arrive.
  if (typeof input.command === "string" && typeof input.text === "string") return `${input.command} ${input.text}`;
  const shown = Object.entries(input).filter(([name, value]) => !PRIVATE.test(name) && wordOf(value) !== "");
  return shown.map(([name, value]) => `${name}=${wordOf(value)}`).join(" ");
}

function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

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

/** Of a run with its details: what went in, what came out, what it wrote, where its time went. */
export const runFacts: Facts = {
  ID: "name",
  Function: "functionName",
  Title: "title",
  Status: "status",
  Error: ({ error }) => [...errorLines(objectOf(error)), ...list(objectOf(error), "stacktrace").flatMap(textLines)],
  Started: (run) => rfc3339(time(run, "executedTime")),
  "Not before": (run) => millisecondsText(Date.parse(text(run, "startAt"))),
  Finished: (run) => rfc3339(time(run, "finishedTime")),
  Duration: took,
  "Time went to": ({ times }) => timeLines(objectOf(times)),
  "Asked by": "trigger",
  "Acting for": "people",
  "Called by run": "parent",
  Attempts: ({ attempt }) => (Number(attempt) > 1 ? String(attempt) : ""),
  Event: ({ event }) => text(objectOf(event), "eventType"),
  Secrets: "secrets",
  Input: ({ input }) => valueLines(input),
  Output: ({ output }) => valueLines(output),
  Stdout: ({ logs }) => list(objectOf(logs), "stdout"),
  Stderr: ({ logs }) => list(objectOf(logs), "stderr"),
};

function errorLines(error: JsonObject): readonly string[] {
  return textLines(text(error, "type") && `${text(error, "type")}: ${text(error, "message")}`);
}

const parts: Readonly<Record<string, string>> = {
  queue: "waiting for its turn",
  start: "starting a worker, because none was free (cold start)",
  load: "loading the function into it",
  handler: "the handler",
};

/** The longest part first: that is why the run was slow. */
function timeLines(microseconds: JsonObject): readonly string[] {
  const took = Object.keys(parts).map((part) => [number(microseconds, part) ?? 0, parts[part]] as const);
  const shown = took.filter(([time]) => time > 0).sort(([one], [other]) => other - one);
  return shown.map(([time, words]) => `${duration(BigInt(time) * 1000n).padEnd(8)} ${words}`);
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
  const query = { functionName: functionName || undefined };
  return { ...(await client.call(runOperations.getRun, { path: { runName: id }, query })) };
}

/** What is known of a run besides the Run object; older servers tell none of it. */
export async function fetchRunDetails({ client }: Context, runName: string): Promise<Partial<RunDetails>> {
  return (await unlessMissing(client.call(runOperations.explainRun, { path: { runName } }))) ?? {};
}

/** The query of a list of runs; undefined values are left out. */
export type RunQuery = Readonly<Record<string, string | number | undefined>>;

/** Runs, newest first: all of them without a limit. */
export async function fetchRuns({ client }: Context, query: RunQuery): Promise<JsonObject[]> {
  return objectsOf(await client.all(runOperations.listRuns, { query }));
}

export function printRuns(context: Context, runs: JsonObject | readonly JsonObject[]): Promise<void> {
  return printResources(context, { shape: runShape, table: runTable }, runs);
}
