import { resolve } from "node:path";
import { runOperations } from "../../../core/runs/contract.ts";
import { parseJson } from "../../client/json.ts";
import { readText } from "../files/read-text.ts";
import { argument, type Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { text } from "../kinds/kind.ts";
import { runShape } from "../kinds/run.ts";
import { jsonText, yamlText } from "../output/encode.ts";
import { goJsonError } from "../output/go-json-error.ts";
import { printNames } from "../output/print.ts";
import { isObject, type JsonObject, shaped } from "../output/shape.ts";
import { unlessInterrupted } from "./pause.ts";

/** `exec FUNCTION_NAME`: prints the run; exits with 1 when it failed (decisions.md 4). */
export async function exec(context: Context): Promise<number> {
  const { flags } = context;
  const outputOnly = flags.on("output-only");
  const blocking = flags.on("wait") || outputOnly;
  const body = {
    blocking,
    input: await inputOf(context),
    reason: null,
    secrets: flags.list("secret"),
    services: null,
    tags: [],
  };
  const run = await runOf(context, body);
  await printRun(context, run, outputOnly);
  if (text(run, "status") !== "ERROR") return 0;
  if (outputOnly) context.io.stderr(`${failureOf(run)}\n`);
  return 1;
}

/** A run that has begun goes on, whoever waits for it. */
async function runOf(context: Context, body: JsonObject): Promise<JsonObject> {
  const functionName = argument(context, 0);
  const calling = context.client.call(runOperations.createRun, { query: { functionName }, body });
  const message = `interrupted; a run that has begun goes on: dispatch get runs ${functionName} --last`;
  return { ...(await unlessInterrupted(calling, context.io.signal, message)) };
}

async function printRun(context: Context, run: JsonObject, outputOnly: boolean): Promise<void> {
  const failed = text(run, "status") === "ERROR";
  if (outputOnly) return failed ? undefined : context.io.stdout(await encoded(context, run.output ?? null));
  if (context.format === "name") return printNames(context, [run]);
  context.io.stdout(await encoded(context, shaped(run, runShape)));
}

async function encoded(context: Context, value: unknown): Promise<string> {
  return context.format === "yaml" ? yamlText(value) : jsonText(value);
}

function failureOf(run: JsonObject): string {
  const error = isObject(run.error) ? run.error : {};
  return `${text(error, "type") || "Error"}: ${text(error, "message") || "the run failed"}`;
}

async function inputOf(context: Context): Promise<unknown> {
  const given = context.flags.text("input") ?? "{}";
  const input = await inputText(context, given);
  try {
    return parseJson(input);
  } catch {
    throw new CliError(`Error when parsing function parameters ${given}\n${goJsonError(input)}`);
  }
}

async function inputText(context: Context, given: string): Promise<string> {
  if (given === "-") return context.io.stdin();
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  return readText(resolve(context.io.cwd, path), path, `cannot read the input file ${path}`);
}
