import { childNamed } from "../args/find-command.ts";
import { unknownCommand } from "../args/unknown-command.ts";
import { argument, type Context } from "../context.ts";
import { printResources } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { rfc3339, unixDate } from "../output/time.ts";
import { endpointUrls } from "../resources/api.ts";
import { type Kind, list, number, text } from "../resources/kind.ts";
import { resourceKinds } from "../resources/kinds.ts";
import { time, took } from "../resources/run.ts";
import { fetchResources } from "./get.ts";
import { fetchRuns } from "./runs.ts";

const lastRuns = 5;

/** `describe TYPE NAME`. */
export async function describe(context: Context): Promise<number> {
  const kind = kindOf(context, argument(context, 0));
  const answer = await fetchResources(context, kind, argument(context, 1));
  const resource = isObject(answer) ? answer : {};
  if (context.format !== "table") await printResources(context, kind, resource);
  else context.io.stdout([...facts(context, kind, resource), ...(await runLines(context, kind, resource))].join(""));
  return 0;
}

/** The kind that `get` means by the same word. */
function kindOf(context: Context, word: string): Kind {
  const [root] = context.path;
  const get = root && childNamed(root, "get");
  const name = get && childNamed(get, word)?.name;
  const kind = resourceKinds.find((candidate) => candidate.word === name);
  if (!kind) throw unknownCommand(get ? [{ ...get, name: "dispatch describe" }] : [], word);
  return kind;
}

/** Field and value, aligned; several values below each other; no line for what is unset. */
function facts(context: Context, kind: Kind, resource: JsonObject): string[] {
  const rows: (readonly [string, readonly string[]])[] = [
    ["Name", [text(resource, "name")]],
    ["Kind", [kind.kind]],
    ["Status", [text(resource, "status")]],
    ["Reason", list(resource, "reason").flatMap((reason) => reason.split("\n"))],
    ["Image", [text(resource, "image")]],
    ["Base image", [text(resource, "baseImageName")]],
    ["Language", [text(resource, "language")]],
    ["Handler", [text(resource, "handler")]],
    ["Function", [text(resource, "function")]],
    ["Event type", [text(resource, "eventType")]],
    ["Type", [text(resource, "type")]],
    ["Methods", [list(resource, "methods").join(", ")]],
    ["URL", kind.kind === "API" ? endpointUrls(resource, context.settings) : [text(resource, "dockerUrl")]],
    ["Enabled", [kind.kind === "API" ? String(resource.enabled === true) : ""]],
    ["Authentication", [text(resource, "authentication")]],
    ["Secrets", [kind.kind === "Secret" ? secretKeys(resource) : list(resource, "secrets").join(", ")]],
    ["Created", [unixDate(number(resource, "createdTime") ?? number(resource, "created-time"))]],
  ];
  return rows.flatMap(([title, values]) => factLines(title, values.filter(Boolean)));
}

/** The names of the values, never the values. */
function secretKeys(resource: JsonObject): string {
  return isObject(resource.secrets) ? Object.keys(resource.secrets).join(", ") : "";
}

function factLines(title: string, values: readonly string[]): string[] {
  return values.map((value, index) => `${(index === 0 ? `${title}:` : "").padEnd(17)}${value}\n`);
}

async function runLines(context: Context, kind: Kind, resource: JsonObject): Promise<string[]> {
  if (kind.kind !== "Function") return [];
  const runs = await fetchRuns(context, { functionName: text(resource, "name"), limit: lastRuns });
  return factLines("Last runs", runs.length === 0 ? ["none"] : runs.slice(0, lastRuns).map(runLine));
}

function runLine(run: JsonObject): string {
  const error = isObject(run.error) ? text(run.error, "message").split("\n")[0] : "";
  const started = rfc3339(time(run, "executedTime"));
  return [text(run, "name"), text(run, "status").padEnd(8), started, took(run), error].filter(Boolean).join("  ");
}
