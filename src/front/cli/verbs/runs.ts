import { runOperations } from "../../../core/runs/contract.ts";
import type { Context } from "../frame/context.ts";
import { runShape, runTable } from "../kinds/run.ts";
import { printResources } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";

/** One run of a function; a function name of "" means any. */
export async function fetchRun(context: Context, functionName: string, id: string): Promise<JsonObject> {
  const query = functionName === "" ? {} : { functionName };
  return { ...(await context.client.call(runOperations.getRun, { path: { runName: id }, query })) };
}

/** The query of a list of runs; undefined values are left out. */
export type RunQuery = Readonly<Record<string, string | number | undefined>>;

/** Runs, newest first: all of them without a limit. */
export async function fetchRuns(context: Context, query: RunQuery): Promise<JsonObject[]> {
  return (await context.client.all(runOperations.listRuns, { query })).filter(isObject);
}

/** Prints one run or a list, in the format of the call. */
export function printRuns(context: Context, runs: JsonObject | readonly JsonObject[]): Promise<void> {
  return printResources(context, { shape: runShape, table: runTable }, runs);
}
