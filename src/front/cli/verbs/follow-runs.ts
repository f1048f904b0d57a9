import { stringifyJson } from "../../client/json.ts";
import type { Context } from "../frame/context.ts";
import { text } from "../kinds/kind.ts";
import { runTable } from "../kinds/run.ts";
import { printNames } from "../output/print.ts";
import type { JsonObject } from "../output/shape.ts";
import { renderRows } from "../output/table.ts";
import { pause } from "./pause.ts";
import { fetchRuns, printRuns, type RunQuery } from "./runs.ts";

const pollMs = 2000;
/** Each question reaches back further than the last answer: clocks differ, and the server keeps whole seconds. */
const overlapSeconds = 60;

/** Runs that are new or have changed since the last question; each state is told once. */
export class RunFeed {
  readonly #context: Context;
  readonly #query: RunQuery;
  readonly #seen = new Map<string, string>();

  private constructor(context: Context, query: RunQuery) {
    this.#context = context;
    this.#query = query;
  }

  /** What there is already is known from now on. */
  static async open(context: Context, query: RunQuery): Promise<RunFeed> {
    const feed = new RunFeed(context, query);
    feed.know(await feed.#ask());
    return feed;
  }

  /** These were printed elsewhere. */
  know(runs: readonly JsonObject[]): void {
    for (const run of runs) this.#seen.set(text(run, "name"), stateOf(run));
  }

  /** Waits, and asks until something is new, oldest first. @throws CliError when the user interrupts */
  async next(): Promise<readonly JsonObject[]> {
    for (;;) {
      await pause(pollMs, this.#context.io.signal);
      const runs = await this.#ask();
      const fresh = runs.filter((run) => this.#seen.get(text(run, "name")) !== stateOf(run)).toReversed();
      this.know(fresh);
      if (fresh.length > 0) return fresh;
    }
  }

  #ask(): Promise<JsonObject[]> {
    const since = Math.floor(this.#context.io.now() / 1000) - pollMs / 1000 - overlapSeconds;
    return fetchRuns(this.#context, { ...this.#query, since });
  }
}

function stateOf(run: JsonObject): string {
  return stringifyJson([run.status, run.finishedTime]);
}

/** Prints runs as they come: rows without a heading, or one array each time as JSON. Ends when the user interrupts. */
export async function followRuns(context: Context, feed: RunFeed): Promise<never> {
  for (;;) await printFresh(context, await feed.next());
}

async function printFresh(context: Context, runs: readonly JsonObject[]): Promise<void> {
  if (context.format === "name") return printNames(context, runs);
  if (context.format !== "table") return printRuns(context, runs);
  const cells = runs.map((run) => runTable.columns.map((column) => column.cell(run, context.settings)));
  context.io.stdout(renderRows(runTable.style, cells));
}
