/** `exec FUNCTION_NAME`: prints the run; exits with 1 when it failed (decisions.md 4). */
import { runOperations } from "../../../core/runs/contract.ts";
import { needed } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { on, slice, text } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { unlessInterrupted } from "../../../frame/pause.ts";
import { spanMilliseconds } from "../../../frame/spans.ts";
import { type Context, command } from "../context/context.ts";
import { textFile } from "../files/given-files.ts";
import { jsonOf } from "../files/read-text.ts";
import { runShape } from "../kinds/run.ts";
import { text as field, type JsonObject, objectOf } from "../output/json.ts";
import { printData, printNames } from "../output/print.ts";
import { shaped } from "../output/shape.ts";
import { ignoredApplication } from "./flags.ts";

export const exec = command({
  name: "exec",
  summary: "Run a function",
  arguments: [needed("FUNCTION_NAME", "Function")],
  flags: {
    wait: on("Return when the run has ended; exit with 1 when it failed"),
    input: text("Input: JSON, @FILE, or - for standard input", { default: "{}" }),
    "output-only": on("Wait, and print only what the function returned"),
    secret: slice("Further secrets for this run", { completes: "Secret" }),
    at: text("Begin then and not before: a time like 2026-11-28T22:00:00Z or 2026-11-28 22:00"),
    in: text("Begin after so long: 8h, 30m, 2d"),
    all: on("Accepted, without effect", { hidden: true }),
    ...ignoredApplication,
  },
  examples: [
    `dispatch exec hello --wait --input '{"name": "Jon"}'`,
    "dispatch exec hello --input @input.json --output-only",
    "dispatch exec shutdown-vm --in 8h",
  ],
  run: async ({ flags, ...context }) => {
    const [functionName = ""] = context.args;
    const outputOnly = flags["output-only"];
    const body = {
      blocking: flags.wait || outputOnly,
      input: await inputOf(context.io, flags.input),
      reason: null,
      secrets: flags.secret,
      services: null,
      startAt: startOf(flags, context.io.now())?.toISOString(),
      tags: [],
    };
    const calling = context.client.call(runOperations.createRun, { query: { functionName }, body });
    return printEnd(context, await endOf(context, functionName, calling), outputOnly);
  },
});

/** When it is to begin. @throws UsageError */
function startOf({ at, in: span }: Readonly<Record<"at" | "in", string | undefined>>, now: number): Date | undefined {
  if (at !== undefined && span !== undefined) throw new UsageError("--at and --in say the same: give one of them");
  if (span !== undefined) return new Date(now + spanMilliseconds("in", span));
  if (at === undefined) return undefined;
  const moment = Date.parse(at);
  if (Number.isNaN(moment)) throw new UsageError(`--at needs a time like 2026-11-28T22:00:00Z, not ${at}`);
  return new Date(moment);
}

/** A run that has begun goes on, whoever waits for it. */
export async function endOf({ io }: Context, functionName: string, calling: Promise<object>): Promise<JsonObject> {
  const message = `interrupted; a run that has begun goes on: dispatch get runs ${functionName} --last`;
  return { ...(await unlessInterrupted(calling, io.signal, message)) };
}

/** Prints a run, or only its output, and returns the exit status. */
export async function printEnd(context: Context, run: JsonObject, outputOnly: boolean): Promise<number> {
  const failed = field(run, "status") === "ERROR";
  if (outputOnly && failed) context.io.stderr(`${failureOf(run)}\n`);
  else if (outputOnly) await printData(context, run.output ?? null);
  else if (context.format === "name") printNames(context, [run]);
  else await printData(context, shaped(run, runShape));
  return failed ? 1 : 0;
}

/** `FunctionError: quota`. */
export function failureOf(run: JsonObject): string {
  const error = objectOf(run.error);
  return `${field(error, "type") || "Error"}: ${field(error, "message") || "the run failed"}`;
}

export async function inputOf(io: Io, given: string): Promise<unknown> {
  const path = given.slice(1);
  const named = given.startsWith("@") ? textFile(io, path, `cannot read the input file ${path}`) : given;
  return jsonOf(given === "-" ? await io.stdin() : named, `Error when parsing function parameters ${given}\n`);
}
