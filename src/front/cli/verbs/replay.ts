/** `run --replay RUN_ID`: exits with 1 when the run ended otherwise than before. */
import { runOperations } from "../../../core/runs/contract.ts";
import { optional } from "../frame/command.ts";
import { type Context, command } from "../frame/context.ts";
import { UsageError } from "../frame/errors.ts";
import { text } from "../frame/flags.ts";
import { unlessInterrupted } from "../frame/pause.ts";
import { text as field } from "../kinds/kind.ts";
import { fetchRun, printRuns, took } from "../kinds/run.ts";
import { jsonText } from "../output/encode.ts";
import type { JsonObject } from "../output/shape.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { failureOf } from "./exec.ts";

export const run = command({
  name: "run",
  summary: "Run the recorded input of a run once more, and show how the outputs differ",
  arguments: [optional("FUNCTION_NAME", "Function")],
  flags: { replay: text("The run (RUN_ID) whose input is run again", { completes: "run" }) },
  examples: ["dispatch run --replay 2830d337-0e8f-4713-b6fe-3b332b63f451"],
  run: async ({ flags, ...context }) => {
    const [name = ""] = context.args;
    if (name !== "") throw new UsageError(`to run a function: dispatch exec ${name} --wait`);
    if (flags.replay === undefined)
      throw new UsageError("name the run whose input is to be run again: --replay RUN_ID");
    return replay(context, flags.replay);
  },
});

async function replay(context: Context, id: string): Promise<number> {
  const before = await fetchRun(context, "", id);
  const calling = context.client.call(runOperations.replayRun, { path: { runName: id } });
  const message = `interrupted; a run that has begun goes on: dispatch get runs ${field(before, "functionName")} --last`;
  const after: JsonObject = { ...(await unlessInterrupted(calling, context.io.signal, message)) };
  const difference = unifiedDiff([`${id} output`, `${field(after, "name")} output`], endOf(before), endOf(after));
  if (context.format === "table") context.io.stdout(await reportOf(context, before, after, difference));
  else await printRuns(context, after);
  return difference === "" ? 0 : 1;
}

/** What came out, as text: the output, or the failure. */
function endOf(run: JsonObject): string {
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
