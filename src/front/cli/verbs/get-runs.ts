import { optional } from "../../../frame/command.ts";
import { invalidArgument } from "../../../frame/errors.ts";
import { choice, integer, on, text } from "../../../frame/flags.ts";
import { sinceSeconds } from "../../../frame/spans.ts";
import { type Context, command } from "../context/context.ts";
import { fetchRun, fetchRuns, printRuns, type RunQuery, runTable, time } from "../kinds/run.ts";
import { text as field, type JsonObject } from "../output/json.ts";
import { cellsOf, printNames } from "../output/print.ts";
import { renderRows } from "../output/table.ts";
import { ignoredApplication } from "./flags.ts";
import { followRuns } from "./run-feed.ts";

/** What is compared; the newest of times stands first. */
const sides: Readonly<Record<string, (run: JsonObject) => bigint | string>> = {
  started: (run) => -(time(run, "executedTime") ?? 0n),
  finished: (run) => -(time(run, "finishedTime") ?? 0n),
  function: (run) => field(run, "functionName"),
  status: (run) => field(run, "status"),
};

const triggers = ["administrator", "service-account", "endpoint", "subscription", "function", "driver", "alert"];
const LATEST = 50;
const statuses = ["READY", "ERROR", "INITIALIZED", "CREATING"];

export const getRuns = command({
  name: "run",
  aliases: ["runs"],
  summary: "Get the runs of all functions, of one function, or one run",
  arguments: [optional("FUNCTION_NAME", "Function"), optional("RUN_ID", "run")],
  flags: {
    follow: on("Go on printing runs as they come, until Ctrl-C", { short: "f" }),
    last: on("Only the run that started last"),
    by: choice("Sort by", Object.keys(sides), { default: "started" }),
    status: text("Only runs in this status: READY, ERROR, INITIALIZED, CREATING", { completes: statuses }),
    since: text("Only runs since then: 15m, 2h, 7d, a date, or Unix seconds"),
    until: text("Only runs that began before: 15m, 2h, 7d, a date, or Unix seconds"),
    user: text("Only runs that this user asked for, or that act for them"),
    trigger: text(
      "Only runs that this asked for: endpoint, subscription, function, administrator, or one, endpoint:echo",
      { completes: triggers },
    ),
    text: text("Only runs with these words in their title or input"),
    limit: integer("At most so many, the newest; without it tables show 50"),
    ...ignoredApplication,
  },
  examples: [
    "dispatch get runs hello --last -o json",
    "dispatch get runs --status ERROR --since 1h",
    "dispatch get runs --text vmtest01",
  ],
  run: async ({ flags, ...context }) => {
    const [functionName = "", id = ""] = context.args;
    if (id !== "") return printRuns(context, await fetchRun(context, functionName, id));
    const { user, trigger, text: words, follow } = flags;
    // The other flags, such as --since and --limit, choose among the runs that there are already.
    const followed: RunQuery = { functionName: functionName || undefined, status: flags.status?.toUpperCase() };
    const [since, until] = [flags.since, flags.until].map((moment) => sinceSeconds(moment, context.io.now()));
    const limit = flags.last ? 1 : flags.limit;
    const isCut = limit === undefined && context.format === "table" && !follow;
    const query = { ...followed, since, until, user, trigger, text: words, limit: isCut ? LATEST + 1 : limit };
    const begin = async (): Promise<readonly JsonObject[]> => {
      const runs = await fetchRuns(context, query);
      const sorted = sortRuns(isCut ? runs.slice(0, LATEST) : runs, flags.by);
      await printRuns(context, sorted);
      if (isCut && runs.length > LATEST)
        context.io.stderr(`the latest ${LATEST}: --limit N, --since and -o json show more\n`);
      return sorted;
    };
    if (!follow) await begin();
    else await followRuns(context, followed, { begin, show: (runs) => printFresh(context, runs) });
  },
});

function sortRuns(runs: readonly JsonObject[], by: string): readonly JsonObject[] {
  const side = sides[by];
  const known = Object.keys(sides).join(", ");
  if (!side) throw invalidArgument("--by", by, `it must be ${known}`);
  return runs.toSorted((one, other) => {
    const [left, right] = [side(one), side(other)];
    return left === right ? 0 : left < right ? -1 : 1;
  });
}

/** Runs as they come: rows without a heading, or one array each time as JSON. */
async function printFresh(context: Context, runs: readonly JsonObject[]): Promise<void> {
  if (context.format === "name") return printNames(context, runs);
  if (context.format !== "table") return printRuns(context, runs);
  const cells = runs.map((run) => cellsOf(runTable, run, context.settings));
  context.io.stdout(renderRows(runTable.style, cells));
}
