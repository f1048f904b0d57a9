import { argument, type Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { printData } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { list, text } from "../resources/kind.ts";
import { fetchRun, fetchRuns } from "./runs.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `logs`: what a run wrote, its stdout to stdout and its stderr to stderr. */
export async function logs(context: Context): Promise<number> {
  const run = await runOf(context, argument(context, 0), argument(context, 1));
  const written = isObject(run.logs) ? run.logs : {};
  if (context.format === "json" || context.format === "yaml") {
    await printData(context, { stderr: list(written, "stderr"), stdout: list(written, "stdout") });
    return 0;
  }
  context.io.stdout(lines(written, "stdout"));
  context.io.stderr(lines(written, "stderr"));
  return 0;
}

async function runOf(context: Context, first: string, second: string): Promise<JsonObject> {
  if (second !== "") return fetchRun(context, first, second);
  if (uuid.test(first)) return fetchRun(context, "", first);
  const [last] = await fetchRuns(context, { functionName: first, limit: 1 });
  if (!last) throw new CliError(`function ${first} has no runs; start one: dispatch exec ${first} --wait`);
  return fetchRun(context, first, text(last, "name"));
}

function lines(written: JsonObject, stream: "stdout" | "stderr"): string {
  return list(written, stream)
    .map((line) => `${line}\n`)
    .join("");
}
