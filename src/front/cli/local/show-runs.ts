/** Each run of a function as it ends, and each line as it is written. */
import { runOperations } from "../../../core/runs/contract.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import { pause } from "../../../frame/pause.ts";
import type { ServerEvent } from "../../client/event-reader.ts";
import { parseJson, stringifyJson } from "../../client/json.ts";
import type { Context } from "../context/context.ts";
import { failureText } from "../context/failure.ts";
import { fetchRun, took } from "../kinds/run.ts";
import { type JsonObject, list, objectOf, text } from "../output/json.ts";
import { failureOf } from "../verbs/exec.ts";
import { printEvent } from "../verbs/logs.ts";

const RETRY_MS = 1000;
const LONGEST_VALUE = 1000;

/** Until the user interrupts; a server that was away is listened to again. */
export async function showRuns(context: Context, functionName: string): Promise<void> {
  const { client, io } = context;
  let shown: Promise<void> = Promise.resolve();
  const heard = (event: ServerEvent): void => {
    shown = shown.then(() => show(context, event)).catch((error: unknown) => tell(context, error));
  };
  while (!io.signal.aborted) {
    try {
      await client.follow(runOperations.followRuns, { query: { functionName } }, heard, io.signal);
    } catch (error) {
      tell(context, error);
    }
    await pause(RETRY_MS, io.signal).catch(() => {});
  }
}

function tell({ io, settings }: Context, error: unknown): void {
  if (!io.signal.aborted) io.stderr(`${failureText(error, settings) ?? messageOf(error)}\n`);
}

async function show(context: Context, event: ServerEvent): Promise<void> {
  if (event.event !== "end") return printEvent(context.io, event, "line");
  const { run, status } = objectOf(parseJson(event.data));
  if (status === "WITHDRAWN") return context.io.stderr(`run ${String(run)} was withdrawn\n`);
  context.io.stderr(endText(await fetchRun(context, "", String(run))));
}

/** `{"name": "Ada"} -> {"text": "Hello, Ada"} (2 ms)`, or the failure with where it came from. */
function endText(run: JsonObject): string {
  const begin = `${short(run.input)} ->`;
  const end = `(${[took(run), text(run, "name")].filter(Boolean).join(", run ")})`;
  if (text(run, "status") !== "ERROR") return `${begin} ${short(run.output)} ${end}\n`;
  const trace = list(objectOf(run.error), "stacktrace").map((line) => `    ${line}\n`);
  return `${begin} ${failureOf(run)} ${end}\n${trace.join("")}`;
}

function short(value: unknown): string {
  const json = stringifyJson(value ?? null);
  return json.length > LONGEST_VALUE ? `${json.slice(0, LONGEST_VALUE)}...` : json;
}
