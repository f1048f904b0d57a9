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

interface Shown {
  /** Shows what there is already, and returns it; called once nothing is lost any more between it and what follows. */
  begin(): Promise<readonly JsonObject[]>;
  /** Those that are new or have changed, oldest first. */
  show(runs: readonly JsonObject[]): Promise<void>;
}

/** Runs as the server tells of them, each state once, until the user interrupts. @throws CliError then */
export async function followRuns(context: Context, query: RunQuery, { begin, show }: Shown): Promise<void> {
  const { client, io } = context;
  const { functionName } = query;
  const seen = new Map<string, string>();
  /** Runs of which the server told. */
  const told = new Set<string>();
  const failure = Promise.withResolvers<never>();
  let work = Promise.resolve();
  let begun = false;
  let last = io.now();

  const know = (runs: readonly JsonObject[]): void => {
    for (const run of runs) seen.set(text(run, "name"), stateOf(run));
  };
  const showFresh = async (runs: readonly JsonObject[]): Promise<void> => {
    const fresh = runs.filter((run) => seen.get(text(run, "name")) !== stateOf(run));
    know(fresh);
    if (fresh.length > 0) await show(fresh);
  };
  const one = async (id: string): Promise<void> => {
    // It is asked for once, however often it changed meanwhile. One that was withdrawn is gone.
    const run = told.delete(id) ? await unlessMissing(fetchRun(context, "", id)) : undefined;
    if (run && (query.status === undefined || run.status === query.status)) await showFresh([run]);
  };
  const missed = async (since: number): Promise<void> => {
    const runs = await fetchRuns(context, { ...query, since: Math.floor(since / 1000) - overlapSeconds });
    if (begun) return showFresh(runs.toReversed());
    begun = true;
    know(runs);
    know(await begin());
  };
  const heard = ({ event, data }: ServerEvent): void => {
    const since = last;
    const id = event === "state" ? text(objectOf(parseJson(data)), "run") : undefined;
    if (id !== undefined) told.add(id);
    work = work.then(() => (id === undefined ? missed(since) : one(id))).catch(failure.reject);
    last = io.now();
  };
  const listen = async (): Promise<never> => {
    for (;;) {
      await client.follow(runOperations.followStates, { query: { functionName } }, heard, io.signal);
      await pause(againMs, io.signal);
    }
  };
  await unlessInterrupted(Promise.race([listen(), failure.promise]), io.signal);
}

function stateOf(run: JsonObject): string {
  return stringifyJson([run.status, run.finishedTime]);
}
