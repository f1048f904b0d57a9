import { runOperations } from "../../../core/runs/contract.ts";
import { optional } from "../../../frame/command.ts";
import { CliError } from "../../../frame/errors.ts";
import { on } from "../../../frame/flags.ts";
import { type Context, command } from "../context/context.ts";
import { fetchRuns } from "../kinds/run.ts";
import { type JsonObject, text } from "../output/json.ts";
import { endOf, printEnd } from "./exec.ts";

export const invoke = command({
  name: "invoke",
  summary: "Invoke the last input again: that of FUNCTION_NAME's last run, or of the last run at all",
  arguments: [optional("FUNCTION_NAME", "Function")],
  flags: { "output-only": on("Print only what the function returned") },
  examples: ["dispatch invoke hello", "dispatch invoke --output-only"],
  run: async ({ flags, ...context }) => {
    const run = await invokeAgain(context, context.args[0] ?? "");
    return printEnd(context, run, flags["output-only"]);
  },
});

/** Runs the input of the last run and waits for the end. @throws CliError when there is no run yet */
export async function invokeAgain(context: Context, functionName: string): Promise<JsonObject> {
  const [last] = await fetchRuns(context, { functionName: functionName || undefined, limit: 1 });
  if (last === undefined) throw new CliError(noRuns(functionName));
  const calling = context.client.call(runOperations.replayRun, { path: { runName: text(last, "name") } });
  return endOf(context, text(last, "functionName"), calling);
}

function noRuns(functionName: string): string {
  const name = functionName || "FUNCTION_NAME";
  return `${functionName === "" ? "nothing" : functionName} was run yet, so there is no input: dispatch exec ${name} --input '{...}'`;
}
