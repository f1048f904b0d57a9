import { stringifyJson } from "../../client/json.ts";
import type { Context } from "../frame/context.ts";
import { pause } from "../frame/pause.ts";
import { text } from "../kinds/kind.ts";
import { fetchRuns, type RunQuery } from "../kinds/run.ts";
import type { JsonObject } from "../output/shape.ts";

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
