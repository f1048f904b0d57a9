import { runOperations } from "../../../core/runs/contract.ts";
import { pause, unlessInterrupted } from "../../../frame/pause.ts";
import { unlessMissing } from "../../client/errors.ts";
import type { ServerEvent } from "../../client/event-reader.ts";
import { parseJson, stringifyJson } from "../../client/json.ts";
import type { Context } from "../context/context.ts";
import { fetchRun, fetchRuns, type RunQuery } from "../kinds/run.ts";
import { type JsonObject, objectOf, text } from "../output/json.ts";

/** A server that stopped may be back by then. */
const againMs = 2000;
/** After a pause the question reaches back further than that: clocks differ, and the server keeps whole seconds. */
const overlapSeconds = 60;

/** Runs that are new or have changed, as the server tells; each state is told once. */
export class RunFeed {
  readonly #context: Context;
  readonly #query: RunQuery;
  readonly #seen = new Map<string, string>();
  /** Runs of which the server told. */
  #told = new Set<string>();
  /** Something may have been missed since, in milliseconds. */
  #missedSince: number | undefined;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();

  private constructor(context: Context, query: RunQuery) {
    this.#context = context;
    this.#query = query;
  }

  /** What there is already is known from now on. */
  static async open(context: Context, query: RunQuery): Promise<RunFeed> {
    const feed = new RunFeed(context, query);
    const since = context.io.now();
    void feed.#listen();
    await feed.#news();
    feed.#missedSince = undefined;
    feed.know(await feed.#ask(since));
    return feed;
  }

  /** These were printed elsewhere. */
  know(runs: readonly JsonObject[]): void {
    for (const run of runs) this.#seen.set(text(run, "name"), stateOf(run));
  }

  /** Waits until something is new, oldest first. @throws CliError when the user interrupts */
  async next(): Promise<readonly JsonObject[]> {
    for (;;) {
      const runs = (await this.#changed()).filter((run) => this.#seen.get(text(run, "name")) !== stateOf(run));
      this.know(runs);
      if (runs.length > 0) return runs;
    }
  }

  async #changed(): Promise<readonly JsonObject[]> {
    await this.#news();
    const [told, since] = [this.#told, this.#missedSince];
    this.#told = new Set();
    this.#missedSince = undefined;
    if (since !== undefined) return (await this.#ask(since)).toReversed();
    const runs: JsonObject[] = [];
    for (const id of told) {
      const run = await unlessMissing(fetchRun(this.#context, "", id));
      // One that was withdrawn is gone.
      if (run !== undefined) runs.push(run);
    }
    return runs.filter(({ status }) => this.#query.status === undefined || status === this.#query.status);
  }

  #ask(since: number): Promise<JsonObject[]> {
    return fetchRuns(this.#context, { ...this.#query, since: Math.floor(since / 1000) - overlapSeconds });
  }

  async #news(): Promise<void> {
    while (this.#told.size === 0 && this.#missedSince === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      await unlessInterrupted(this.#wake.promise, this.#context.io.signal);
      this.#wake = Promise.withResolvers();
    }
  }

  /** As long as the server tells; one that stopped is asked again, and what was missed as well. */
  async #listen(): Promise<void> {
    const { client, io } = this.#context;
    const { functionName } = this.#query;
    const query = functionName === undefined ? {} : { functionName };
    let last = io.now();
    const heard = (event: ServerEvent): void => {
      if (event.event === "state") this.#told.add(text(objectOf(parseJson(event.data)), "run"));
      else this.#missedSince ??= last;
      last = io.now();
      this.#wake.resolve();
    };
    try {
      for (;;) {
        await client.follow(runOperations.followStates, { query }, heard, io.signal);
        await pause(againMs, io.signal);
      }
    } catch (error) {
      this.#failure = error;
      this.#wake.resolve();
    }
  }
}

function stateOf(run: JsonObject): string {
  return stringifyJson([run.status, run.finishedTime]);
}
