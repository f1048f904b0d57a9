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
    // Of a name that stands in the files twice the last one is what remains.
    const last = new Map(resources.map((resource) => [`${resource.kind.kind}/${resource.name}`, resource]));
    const found = await Array.fromAsync(last.values(), (resource) => differenceOf(context, resource, folder));
    const differences = found.filter(({ diff: text }) => text !== "");
    const { format, io } = context;
    if (format === "json" || format === "yaml") await printData(context, differences);
    else if (format === "name") io.stdout(differences.map(({ kind, name }) => `${kind}/${name}\n`).join(""));
    else io.stdout(differences.map(({ diff: text }) => text).join(""));
    // For a person only: a script compares what is printed.
    const untold = new Set(resources.flatMap(({ kind }) => kind.untold ?? []));
    if (io.stderrIsTerminal) io.stderr([...untold].map((sentence) => `${sentence}\n`).join(""));
    return differences.length === 0 ? 0 : 1;
  },
});

async function differenceOf(context: Context, resource: BatchResource, workDir?: string) {
  const { kind, name, body } = resource;
  const before = await findOne(context, kind, name);
  const wanted = kind.untold === undefined ? await completeBody(resource, context.io.cwd, workDir) : body;
  const organization = context.settings.organization;
  // An update that does not name them keeps them.
  const kept = { description: before?.description, owner: before?.owner };
  const after = comparableSpec(kind, { ...kept, ...wanted }, organization);
  const known = before === undefined ? undefined : comparableSpec(kind, before, organization);
  const shown = (spec: JsonObject) => yamlText(kind.masked?.(spec, known) ?? spec);
  const texts = [known === undefined ? "" : await shown(known), await shown(after)] as const;
  const path = `${kind.word}/${name}`;
  const text = unifiedDiff([`server/${path}`, `${resource.place.replace(/:\d+:\d+$/, "")}/${path}`], ...texts);
  return { kind: kind.kind, name, change: known === undefined ? "create" : "update", diff: text };
}
