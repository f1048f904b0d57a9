import { subscriptionOperations, subscriptionSchema } from "../../../core/events/contract.ts";
import { needed } from "../frame/command.ts";
import { UsageError } from "../frame/errors.ts";
import { array, integer, on, text as textFlag } from "../frame/flags.ts";
import type { JsonObject } from "../output/shape.ts";
import { secrets } from "./function.ts";
import {
  application,
  dateColumn,
  type Kind,
  keys,
  list,
  objects,
  plainStyle,
  tagsOf,
  text,
  textColumn,
  usualMessages,
  writing,
} from "./kind.ts";

/** For kinds that need no name: one is made up. */
export const name = { name: textFlag("Its name; one is made up without") };

/** Which function runs for which event type (server.md 2.12). */
export const subscription: Kind = {
  kind: "Subscription",
  word: "subscription",
  aliases: ["subscriptions"],
  title: "subscription",
  messages: { ...usualMessages("subscription"), created: "created subscription" },
  operations: subscriptionOperations,
  schema: subscriptionSchema,
  required: ["eventType", "function"],
  shape: keys(
    "concurrency? createdTime? eventType filters? function id? kind? modifiedTime? name orderBy? paused? retries? secrets status? tags",
  ),
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("Event type", "eventType"),
      textColumn("Function name", "function"),
      textColumn("Status", "status"),
      dateColumn("Created date"),
    ],
  },
  summaryKey: "subscriptions",
  hasStatus: true,
  writing: writing({
    arguments: [needed("FUNCTION_NAME", "Function")],
    flags: {
      ...name,
      "event-type": textFlag("Event type to run for"),
      filter: array("Condition: NAME=TEXT, NAME!=TEXT, NAME^=START or NAME$=END, or JSON; repeatable, all must hold"),
      concurrency: integer("Its runs at once; 1 waits for the end of each"),
      "order-by": textFlag("Attribute or place in the data whose events wait for each other, such as data.vm.name"),
      paused: on("Keep its events and let them wait"),
      retries: integer("Attempts beyond the first before an event is a dead letter; 5 without"),
      ...secrets,
      ...application,
    },
    example: "subscription echo --name echo-ticks --event-type ticker.tick",
    draft: async ({ args: [functionName], flags }) => ({
      name: flags.name ?? (await import("./random-name.ts")).randomName(),
      eventType: flags["event-type"] ?? "",
      function: functionName,
      ...(flags.filter.length === 0 ? {} : { filters: flags.filter.map(filterOf) }),
      ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
      ...(flags["order-by"] === undefined ? {} : { orderBy: flags["order-by"] }),
      ...(flags.paused ? { paused: true } : {}),
      ...(flags.retries === undefined ? {} : { retries: flags.retries }),
      secrets: flags.secret,
      tags: tagsOf(flags),
    }),
  }),
  facts: (resource) => [
    ["Event type", [text(resource, "eventType")]],
    ["Filters", objects(resource, "filters").map((filter) => JSON.stringify(filter))],
    ["Function", [text(resource, "function")]],
    ["Runs at once", [text(resource, "concurrency")]],
    ["Ordered by", [text(resource, "orderBy")]],
    ["Paused", [resource.paused === true ? "yes: its events wait" : ""]],
    ["Retries", [text(resource, "retries")]],
    ["Secrets", [list(resource, "secrets").join(", ")]],
  ],
};

const dialects: Readonly<Record<string, (wanted: JsonObject) => JsonObject>> = {
  "=": (exact) => ({ exact }),
  "!=": (exact) => ({ not: { exact } }),
  "^=": (prefix) => ({ prefix }),
  "$=": (suffix) => ({ suffix }),
};

/** A filter in short, or as the server takes it. @throws UsageError */
function filterOf(words: string): JsonObject {
  if (words.startsWith("{")) return jsonOf(words);
  const [, name = "", sign = "", wanted = ""] = /^([\w.-]+)(=|!=|\^=|\$=)(.+)$/s.exec(words) ?? [];
  const filter = dialects[sign]?.({ [name]: wanted });
  if (filter === undefined)
    throw new UsageError(`--filter ${JSON.stringify(words)}: write NAME=TEXT, NAME!=TEXT, NAME^=START or NAME$=END`);
  return filter;
}

function jsonOf(words: string): JsonObject {
  try {
    return JSON.parse(words) as JsonObject;
  } catch {
    throw new UsageError(`--filter ${JSON.stringify(words)} is no JSON`);
  }
}
