/** `describe TYPE NAME`: how a resource is, why, who uses it, and what it did last. */

import { argument, type Context } from "../frame/context.ts";
import { unknownType } from "../frame/unknown-command.ts";
import { type Kind, text } from "../kinds/kind.ts";
import { kindOfWord } from "../kinds/kinds.ts";
import { time, took } from "../kinds/run.ts";
import { printResources } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { describeDeadLetter, isDeadLetterWord } from "./dead-letters.ts";
import { type Fact, factLines, factsOf } from "./describe-facts.ts";
import { describeRun } from "./describe-run.ts";
import { usersOf } from "./describe-users.ts";
import { fetchResources } from "./get.ts";
import { fetchRuns } from "./runs.ts";

const lastRuns = 5;

export async function describe(context: Context): Promise<number> {
  const [word, name] = [argument(context, 0), argument(context, 1)];
  if (/^runs?$/i.test(word)) return describeRun(context, name);
  if (isDeadLetterWord(word)) return describeDeadLetter(context, name);
  const kind = kindOfWord(word);
  if (!kind) throw unknownType(context.path, word);
  const answer = await fetchResources(context, kind, name);
  const resource = isObject(answer) ? answer : {};
  if (context.format === "table") context.io.stdout(factLines(await allFacts(context, kind, resource)));
  else await printResources(context, kind, resource);
  return 0;
}

async function allFacts(context: Context, kind: Kind, resource: JsonObject): Promise<Fact[]> {
  const [users, runs] = await Promise.all([usersOf(context, kind, resource), runFacts(context, kind, resource)]);
  return [...factsOf(kind, resource, context.settings), ["Used by", users], ...runs];
}

async function runFacts(context: Context, kind: Kind, resource: JsonObject): Promise<Fact[]> {
  if (kind.kind !== "Function") return [];
  const runs = await fetchRuns(context, { functionName: text(resource, "name"), limit: lastRuns });
  return [["Last runs", runs.length === 0 ? ["none"] : runs.slice(0, lastRuns).map(runLine)]];
}

function runLine(run: JsonObject): string {
  const error = isObject(run.error) ? text(run.error, "message").split("\n")[0] : "";
  const started = rfc3339(time(run, "executedTime"));
  return [text(run, "name"), text(run, "status").padEnd(8), started, took(run), error].filter(Boolean).join("  ");
}
