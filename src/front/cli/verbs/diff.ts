/** `diff -f FILE`: what `apply` would change, as a unified diff; exits with 0 without differences, 1 with, 2 on errors. */
import { UsageError } from "../../../frame/errors.ts";
import { type Context, command } from "../context/context.ts";
import { completeBody } from "../files/complete-body.ts";
import type { BatchResource } from "../files/parse-batch.ts";
import { findOne } from "../kinds/resources.ts";
import { comparableSpec } from "../kinds/spec.ts";
import { yamlText } from "../output/encode.ts";
import type { JsonObject } from "../output/json.ts";
import { printData } from "../output/print.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { readResources } from "./batch.ts";
import { files, workDir } from "./flags.ts";

interface Difference {
  readonly kind: string;
  readonly name: string;
  readonly change: "create" | "update";
  readonly diff: string;
}

export const diff = command({
  name: "diff",
  summary: "Show what apply would change; exit with 0 for nothing, 1 for something, 2 for an error",
  flags: { ...files, ...workDir },
  errorStatus: 2,
  examples: ["dispatch diff -f all-resources.yaml", "dispatch diff -f resources/ -o name"],
  run: async ({ flags, ...context }) => {
    const { file, "work-dir": folder } = flags;
    if (file.length === 0) throw new UsageError('required flag "file" not set: dispatch diff -f FILE');
    const resources = await readResources(context, "diff", flags);
    const differences: Difference[] = [];
    // Of a name that stands in the files twice the last one is what remains.
    const last = new Map(resources.map((resource) => [`${resource.kind.kind}/${resource.name}`, resource]));
    for (const resource of last.values()) differences.push(...(await differenceOf(context, resource, folder)));
    await print(context, differences);
    noteUntold(context, resources);
    return differences.length === 0 ? 0 : 1;
  },
});

async function differenceOf(context: Context, resource: BatchResource, workDir?: string): Promise<Difference[]> {
  const { kind, name } = resource;
  const [before, wanted] = [await findOne(context, kind, name), await desired(context, resource, workDir)];
  const organization = context.settings.organization;
  // Whoever does not send them keeps them.
  const kept = { description: before?.description, owner: before?.owner };
  const after = comparableSpec(kind, { ...kept, ...wanted }, organization);
  const known = before === undefined ? undefined : comparableSpec(kind, before, organization);
  const shown = (spec: JsonObject) => yamlText(kind.masked?.(spec, known) ?? spec);
  const texts = [known === undefined ? "" : await shown(known), await shown(after)] as const;
  const path = `${kind.word}/${name}`;
  const text = unifiedDiff([`server/${path}`, `${resource.place.replace(/:\d+:\d+$/, "")}/${path}`], ...texts);
  return text === "" ? [] : [{ kind: kind.kind, name, change: known === undefined ? "create" : "update", diff: text }];
}

async function desired({ io }: Context, resource: BatchResource, workDir?: string): Promise<JsonObject> {
  if (resource.kind.untold !== undefined) return resource.body;
  return completeBody(resource, io.cwd, workDir);
}

async function print(context: Context, differences: readonly Difference[]): Promise<void> {
  const { format, io } = context;
  if (format === "json" || format === "yaml") return printData(context, differences);
  const lines = differences.map(({ kind, name, diff: text }) => (format === "name" ? `${kind}/${name}\n` : text));
  io.stdout(lines.join(""));
}

/** For a person only: a script compares what is printed. */
function noteUntold({ io }: Context, resources: readonly BatchResource[]): void {
  const sentences = new Set(resources.flatMap(({ kind: { untold = [] } }) => untold));
  if (io.stderrIsTerminal) io.stderr([...sentences].map((sentence) => `${sentence}\n`).join(""));
}
