/** `describe TYPE NAME`: how a resource is, why, who uses it, and what it did last. */
import { nearest } from "../../../core/shared/nearest.ts";
import { needed } from "../../../frame/command.ts";
import { unknownWord } from "../../../frame/parse.ts";
import { unlessRefused } from "../../client/errors.ts";
import { type Context, command } from "../context/context.ts";
import { deadLetterFacts, fetchDeadLetter, isDeadLetterWord } from "../kinds/dead-letter.ts";
import { type Facts, factsOf, type Kind } from "../kinds/kind.ts";
import { allKinds, kindNamed, kindOfWord } from "../kinds/kinds.ts";
import { fetchAll, fetchOne } from "../kinds/resources.ts";
import { fetchRun, fetchRunDetails, printRuns, runFacts } from "../kinds/run.ts";
import { type Fact, factLines, textLines } from "../output/facts.ts";
import { type JsonObject, list, number, objectsOf, text } from "../output/json.ts";
import { printData, printResources } from "../output/print.ts";
import { unixDate } from "../output/time.ts";

export const describe = command({
  name: "describe",
  summary: "Say how a resource or run is, and why; who uses it; the last runs of a function",
  arguments: [needed("TYPE", "type"), needed("NAME", "name of type")],
  examples: ["dispatch describe function hello", "dispatch describe api cloudmaster", "dispatch describe run RUN_ID"],
  run: async (context) => {
    const [word = "", name = ""] = context.args;
    const { io, format, settings } = context;
    if (/^runs?$/i.test(word)) {
      const run = await fetchRun(context, "", name);
      if (format !== "table") return printRuns(context, run);
      const details = await fetchRunDetails(context, name);
      return io.stdout(factLines(factsOf(runFacts, { ...details, ...run }, settings)));
    }
    if (isDeadLetterWord(word)) {
      const letter = await fetchDeadLetter(context, name);
      if (format !== "table") return printData(context, letter);
      return io.stdout(factLines(factsOf(deadLetterFacts, letter, settings)));
    }
    const kind = namedType(context, word);
    const resource = await fetchOne(context, kind, name);
    if (format !== "table") return printResources(context, kind, resource);
    io.stdout(factLines(await allFacts(context, kind, resource)));
  },
});

/** The kind that an argument names. @throws UsageError for a word that names no type of resource */
export function namedType({ path }: Context, word: string): Kind {
  const kind = kindOfWord(word);
  if (kind) return kind;
  const known = allKinds.flatMap((candidate) => [candidate.word, ...candidate.aliases]);
  const otherwise = `; known types: ${allKinds.map((candidate) => candidate.word).join(", ")}`;
  throw unknownWord(path, word, "resource type", nearest(word, known), otherwise);
}

/** What a kind does not have is not shown. */
async function allFacts(context: Context, kind: Kind, found: JsonObject): Promise<Fact[]> {
  const [resource = found] = (await kind.reading?.beside?.(context, [found])) ?? [];
  const [users, history] = await Promise.all([usersOf(context, kind, resource), kind.history?.(context, resource)]);
  const facts: Facts = {
    Name: "name",
    Kind: () => kind.kind,
    Description: ({ description }) => textLines(String(description ?? "")),
    Status: "status",
    Reason: () => list(resource, "reason").flatMap(textLines),
    ...kind.facts,
    Tags: () => objectsOf(resource.tags).map((tag) => `${text(tag, "key")}=${text(tag, "value")}`),
    Owner: ownerOf,
    Created: () => unixDate(number(resource, "createdTime") ?? number(resource, "created-time")),
    Modified: () => unixDate(number(resource, "modifiedTime") ?? number(resource, "modified-time")),
    "Used by": () => users,
  };
  return [...factsOf(facts, resource, context.settings), ...(history ?? [])];
}

/** Who looks after it, else who made it: `team-cloud`, `administrator`, `service account a/ci`. */
function ownerOf(resource: JsonObject): string {
  return (text(resource, "owner") || "administrator").replace(/^service-account:/, "service account ");
}

/** Which resources name this one, and so break when it is deleted: `API cloudmaster`, `Function echo`. */
async function usersOf(context: Context, { users = {} }: Kind, resource: JsonObject): Promise<readonly string[]> {
  const { organization } = context.settings;
  const groups = Object.entries(users).map(async ([user, shown]) => {
    const kind = kindNamed(user);
    // What the caller may not read is left out.
    const all = (kind && (await unlessRefused(fetchAll(context, kind)))) ?? [];
    const namesOf = (one: JsonObject) => (typeof shown === "string" ? [one[shown]].flat() : shown(one, organization));
    const own = all.filter((candidate) => namesOf(candidate).includes(text(resource, "name")));
    return own.map((candidate) => `${user} ${text(candidate, "name")}`);
  });
  return (await Promise.all(groups)).flat();
}
