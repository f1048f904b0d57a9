import type { Context } from "../frame/context.ts";
import { list, text } from "../kinds/kind.ts";
import { time, took } from "../kinds/run.ts";
import { jsonText } from "../output/encode.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { factLines, textLines } from "./describe-facts.ts";
import { fetchRun, printRuns } from "./runs.ts";

/** `describe run ID`: what went in, what came out, what it wrote. */
export async function describeRun(context: Context, id: string): Promise<number> {
  const run = await fetchRun(context, "", id);
  if (context.format === "table") context.io.stdout(runText(run));
  else await printRuns(context, run);
  return 0;
}

function runText(run: JsonObject): string {
  const error = isObject(run.error) ? run.error : {};
  const logs = isObject(run.logs) ? run.logs : {};
  const cause = text(error, "type") && `${text(error, "type")}: ${text(error, "message")}`;
  return factLines([
    ["ID", [text(run, "name")]],
    ["Function", [text(run, "functionName")]],
    ["Status", [text(run, "status")]],
    ["Error", [...textLines(cause), ...list(error, "stacktrace").flatMap(textLines)]],
    ["Started", [rfc3339(time(run, "executedTime"))]],
    ["Finished", [rfc3339(time(run, "finishedTime"))]],
    ["Duration", [took(run)]],
    ["Event", [isObject(run.event) ? text(run.event, "eventType") : ""]],
    ["Secrets", [list(run, "secrets").join(", ")]],
    ["Input", valueLines(run.input)],
    ["Output", valueLines(run.output)],
    ["Stdout", list(logs, "stdout")],
    ["Stderr", list(logs, "stderr")],
  ]);
}

function valueLines(value: unknown): readonly string[] {
  return value === undefined || value === null ? [] : textLines(jsonText(value, 2));
}
