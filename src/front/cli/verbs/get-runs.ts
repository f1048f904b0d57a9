import { argument, type Context } from "../frame/context.ts";
import { UsageError } from "../frame/errors.ts";
import { invalidSpan, spanMilliseconds } from "../frame/span.ts";
import { text } from "../kinds/kind.ts";
import { time } from "../kinds/run.ts";
import type { JsonObject } from "../output/shape.ts";
import { followRuns, RunFeed } from "./follow-runs.ts";
import { fetchRun, fetchRuns, printRuns, type RunQuery } from "./runs.ts";

/** `get run [FUNCTION_NAME [RUN_ID]]` (cli-and-runtimes.md 1.11). */
export async function getRuns(context: Context): Promise<number> {
  const [functionName, id] = [argument(context, 0), argument(context, 1)];
  if (id !== "") {
    await printRuns(context, await fetchRun(context, functionName, id));
    return 0;
  }
  const query = runQuery(context, functionName);
  // Opened first, so that nothing is lost between the list and what follows it.
  const feed = context.flags.on("follow") ? await RunFeed.open(context, followed(query)) : undefined;
  const runs = await fetchRuns(context, query);
  const sorted = sortRuns(runs, context.flags.text("by") ?? "started");
  await printRuns(context, sorted);
  feed?.know(sorted);
  return feed ? followRuns(context, feed) : 0;
}

function runQuery(context: Context, functionName: string): RunQuery {
  const { flags } = context;
  return {
    functionName: functionName || undefined,
    status: flags.text("status")?.toUpperCase(),
    since: sinceSeconds(flags.text("since"), context.io.now()),
    limit: flags.on("last") ? 1 : flags.integer("limit"),
  };
}

/** What `--last` and `--limit` cut off is about the past. */
function followed({ functionName, status }: RunQuery): RunQuery {
  return { functionName, status };
}

/** Unix seconds of a point in time that was given as a span, a date or seconds. */
export function sinceSeconds(given: string | undefined, now: number): number | undefined {
  if (given === undefined) return undefined;
  if (/^-?\d{5,}$/.test(given)) return Number(given);
  const span = spanMilliseconds(given);
  const moment = span === undefined ? Date.parse(given) : now - span;
  if (Number.isNaN(moment)) throw new UsageError(`${invalidSpan("since", given)}, or a date like 2026-11-22T14:00:00Z`);
  return Math.floor(moment / 1000);
}

const orders: Readonly<Record<string, (one: JsonObject, other: JsonObject) => number>> = {
  started: (one, other) => newestFirst(one, other, "executedTime"),
  finished: (one, other) => newestFirst(one, other, "finishedTime"),
  function: (one, other) => alphabetic(one, other, "functionName"),
  status: (one, other) => alphabetic(one, other, "status"),
};

function sortRuns(runs: readonly JsonObject[], by: string): readonly JsonObject[] {
  const order = orders[by];
  if (order) return runs.toSorted(order);
  throw new UsageError(
    `invalid argument ${JSON.stringify(by)} for "--by" flag: it must be ${Object.keys(orders).join(", ")}`,
  );
}

function newestFirst(one: JsonObject, other: JsonObject, key: "executedTime" | "finishedTime"): number {
  const difference = (time(other, key) ?? 0n) - (time(one, key) ?? 0n);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

function alphabetic(one: JsonObject, other: JsonObject, key: string): number {
  const [left, right] = [text(one, key), text(other, key)];
  return left === right ? 0 : left < right ? -1 : 1;
}
