/** `run --replay RUN_ID`: a recorded input once more, and how the outputs differ. */
import { runOperations } from "../../../core/runs/contract.ts";
import type { Context } from "../context/context.ts";
import { fetchRun, printRuns, took } from "../kinds/run.ts";
import { jsonText } from "../output/encode.ts";
import { text as field, type JsonObject } from "../output/json.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { endOf, failureOf } from "./exec.ts";

/** The exit status: 1 when it ended otherwise than before. @throws ApiError when there is no such run */
export async function replay(context: Context, id: string): Promise<number> {
  const before = await fetchRun(context, "", id);
  const calling = context.client.call(runOperations.replayRun, { path: { runName: id } });
  const after = await endOf(context, field(before, "functionName"), calling);
  const difference = unifiedDiff([`${id} output`, `${field(after, "name")} output`], madeBy(before), madeBy(after));
  if (context.format === "table") context.io.stdout(await reportOf(context, before, after, difference));
  else await printRuns(context, after);
  return difference === "" ? 0 : 1;
}

/** What came out, as text: the output, or the failure. */
function madeBy(run: JsonObject): string {
  if (field(run, "status") === "ERROR") return `${failureOf(run)}\n`;
  return `${jsonText(run.output ?? null, 2).trimEnd()}\n`;
}

async function reportOf(context: Context, before: JsonObject, after: JsonObject, difference: string): Promise<string> {
  const revision = before.faasId === after.faasId ? "the same revision" : "the function was changed since";
  const lines = [
    `Run ${field(before, "name")} again as ${field(after, "name")} (${revision})`,
    await inputLine(context, field(before, "name"), field(after, "name")),
    `Took ${took(after) || "no time"}, before ${took(before) || "no time: it had not ended"}`,
    difference === "" ? "The output is the same" : "The output differs:",
  ];
  return `${lines.join("\n")}\n${difference}`;
}

async function inputLine(context: Context, before: string, after: string): Promise<string> {
  const [one, other] = await Promise.all([before, after].map((name) => digestOf(context, name)));
  return one === other ? `The input is the same: ${one}` : `The input differs: ${one} before, ${other} now`;
}

async function digestOf({ client }: Context, runName: string): Promise<string> {
  return (await client.call(runOperations.explainRun, { path: { runName } })).inputDigest;
}
