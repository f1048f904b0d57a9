/** `diff -f FILE`: what `apply` would change, as a unified diff; exits with 0 without differences, 1 with, 2 on errors. */
import { ApiError } from "../../client/errors.ts";
import { readSources } from "../files/batch-source.ts";
import { completeBody } from "../files/complete-body.ts";
import { type BatchResource, parseBatch } from "../files/parse-batch.ts";
import type { Context } from "../frame/context.ts";
import { CliError, UsageError } from "../frame/errors.ts";
import { comparableSpec } from "../kinds/spec.ts";
import { yamlText } from "../output/encode.ts";
import { printData } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { fetchResources } from "./get.ts";

interface Difference {
  readonly kind: string;
  readonly name: string;
  readonly change: "create" | "update";
  readonly diff: string;
}

/** Sources of functions are not compared: the server hands none out. */
export async function diff(context: Context): Promise<number> {
  const { flags, io } = context;
  const files = flags.list("file");
  if (files.length === 0) throw new UsageError('required flag "file" not set: dispatch diff -f FILE');
  const resources = parseBatch(await readSources(io, files, flags.text("work-dir")), "diff");
  if (resources.length === 0) throw new CliError(`${files.join(", ")}: no resources found`);
  const differences: Difference[] = [];
  for (const resource of lastOfEach(resources)) differences.push(...(await differenceOf(context, resource)));
  await print(context, differences);
  noteSources(context, resources);
  return differences.length === 0 ? 0 : 1;
}

/** Of a name that stands in the files twice the last one is what remains. */
function lastOfEach(resources: readonly BatchResource[]): BatchResource[] {
  const byName = new Map(resources.map((resource) => [`${resource.kind.kind}/${resource.name}`, resource]));
  return [...byName.values()];
}

async function differenceOf(context: Context, resource: BatchResource): Promise<Difference[]> {
  const { kind, name } = resource;
  const [before, wanted] = [await current(context, resource), await desired(context, resource)];
  const organization = context.settings.organization;
  const after = comparableSpec(kind, wanted, organization);
  const known = before === undefined ? undefined : comparableSpec(kind, before, organization);
  const texts = [
    known === undefined ? "" : await yamlText(hidden(known)),
    await yamlText(hidden(after, known)),
  ] as const;
  const path = `${kind.word}/${name}`;
  const text = unifiedDiff([`server/${path}`, `${resource.place.replace(/:\d+:\d+$/, "")}/${path}`], ...texts);
  return text === "" ? [] : [{ kind: kind.kind, name, change: known === undefined ? "create" : "update", diff: text }];
}

/** What the server has; undefined when there is nothing of that name. */
async function current(context: Context, { kind, name }: BatchResource): Promise<JsonObject | undefined> {
  try {
    const answer = await fetchResources(context, kind, name);
    return isObject(answer) ? answer : {};
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function desired(context: Context, resource: BatchResource): Promise<JsonObject> {
  if (resource.kind.kind === "Function") return Promise.resolve(resource.body);
  return completeBody(resource, { cwd: context.io.cwd, workDir: context.flags.text("work-dir") });
}

/** Values of secrets are never shown, only that they differ. */
function hidden(spec: JsonObject, known?: JsonObject): JsonObject {
  const { secrets } = spec;
  if (spec.kind !== "Secret" || !isObject(secrets)) return spec;
  const before = isObject(known?.secrets) ? known.secrets : secrets;
  const shown = Object.keys(secrets).map((key) => {
    const differs = before[key] !== undefined && before[key] !== secrets[key];
    return [key, differs ? "<hidden, another value>" : "<hidden>"] as const;
  });
  return { ...spec, secrets: Object.fromEntries(shown) };
}

async function print(context: Context, differences: readonly Difference[]): Promise<void> {
  const { format, io } = context;
  if (format === "json" || format === "yaml") return printData(context, differences);
  const lines = differences.map(({ kind, name, diff: text }) => (format === "name" ? `${kind}/${name}\n` : text));
  io.stdout(lines.join(""));
}

/** For a person only: a script compares what is printed. */
function noteSources(context: Context, resources: readonly BatchResource[]): void {
  if (!context.io.stderrIsTerminal || !resources.some(({ kind }) => kind.kind === "Function")) return;
  context.io.stderr("Sources of functions are not compared: the server hands none out.\n");
}
