import { readSources } from "../files/batch-source.ts";
import { type BatchResource, parseBatch } from "../files/parse-batch.ts";
import { type BatchResult, type BatchVerb, inOrder, runBatch } from "../files/run-batch.ts";
import type { Handler } from "../frame/command.ts";
import type { Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { helpText } from "../frame/help.ts";
import { allKinds } from "../kinds/kinds.ts";
import { printData } from "../output/print.ts";
import { type JsonObject, shaped } from "../output/shape.ts";
import { readyOrReason } from "./wait.ts";

/** `create|apply|update|delete -f FILE`; the help without `-f`. */
export function batch(verb: BatchVerb): Handler {
  return async (context) => {
    const files = context.flags.list("file");
    if (files.length === 0) {
      context.io.stdout(helpText(context.path));
      return 0;
    }
    const sources = await readSources(context.io, files, context.flags.text("work-dir"));
    const resources = parseBatch(sources, verb);
    if (resources.length === 0) throw new CliError(`${files.join(", ")}: no resources found`);
    return context.flags.on("dry-run") ? dryRun(context, verb, resources) : sendAll(context, verb, resources);
  };
}

/** Sends, waits with --wait, and reports; returns the exit status. */
export async function sendAll(context: Context, verb: BatchVerb, resources: readonly BatchResource[]): Promise<number> {
  const result = await runBatch(context, verb, resources);
  const waited = context.flags.on("wait") ? await waitForAll(context, result) : { done: result.done, problems: [] };
  if (context.format === "name") printNames(context, waited.done);
  else if (context.format !== "table") await printData(context, summaryObject(waited.done));
  for (const problem of waited.problems) context.io.stderr(`${problem}\n`);
  printFailures(context, verb, result, resources.length);
  return result.failed.length + waited.problems.length > 0 ? 1 : 0;
}

function dryRun(context: Context, verb: BatchVerb, resources: readonly BatchResource[]): number {
  for (const { kind, name, place } of inOrder(verb, resources))
    context.io.stdout(`Would ${verb} ${kind.kind}: ${name} (${place})\n`);
  return 0;
}

type Done = BatchResult["done"];

async function waitForAll(
  context: Context,
  { done }: BatchResult,
): Promise<{ done: Done; problems: readonly string[] }> {
  const problems: string[] = [];
  const last: Done[number][] = [];
  for (const entry of done) {
    if (!entry.resource.kind.hasStatus) {
      last.push(entry);
      continue;
    }
    const { resource, problem } = await readyOrReason(context, entry.resource.kind, entry.resource.name);
    last.push({ resource: entry.resource, answer: resource });
    if (problem !== undefined && !problems.includes(problem)) problems.push(problem);
  }
  return { done: last, problems };
}

function printNames(context: Context, done: Done): void {
  context.io.stdout(done.map(({ resource }) => `${resource.kind.word}/${resource.name}\n`).join(""));
}

/** The order of the keys of a batch's JSON; `serviceInstances` are no more, but scripts may look. */
const summaryKeys = [
  "api",
  "baseImages",
  "images",
  "driverTypes",
  "drivers",
  "subscriptions",
  "functions",
  "secrets",
  "policies",
  "serviceInstances",
  "serviceaccounts",
  "organizations",
];

function summaryObject(done: Done): Record<string, unknown> {
  return Object.fromEntries(summaryKeys.map((key) => [key, answersOf(done, key)]));
}

function answersOf(done: Done, summaryKey: string): readonly JsonObject[] | null {
  const kind = allKinds.find((candidate) => candidate.summaryKey === summaryKey);
  const own = done.filter(({ resource }) => resource.kind === kind);
  return kind && own.length > 0 ? own.map(({ answer }) => shaped(answer, kind.shape)) : null;
}

function printFailures(context: Context, verb: BatchVerb, result: BatchResult, total: number): void {
  const { failed, skipped } = result;
  if (failed.length === 0) return;
  const names = failed.map(({ kind, name }) => `${kind.kind} ${name}`).join(", ");
  const again = verb === "create" || verb === "apply" ? "; dispatch apply with the same files does the rest" : "";
  const untried = skipped.length === 0 ? "" : `; not tried: ${skipped.length}${result.done.length > 0 ? again : ""}`;
  context.io.stderr(`${verb}: ${failed.length} of ${total} resources failed: ${names}${untried}\n`);
}
