import { subscriptionOperations, subscriptionSchema } from "../../../core/events/contract.ts";
import { eventLogOperations } from "../../../core/events/delivery-contract.ts";
import { needed } from "../frame/command.ts";
import { UsageError } from "../frame/errors.ts";
import { array, integer, on, text as textFlag } from "../frame/flags.ts";
import type { JsonObject } from "../output/shape.ts";
import { created, defineKind, nameFlag, nameOf } from "./define-kind.ts";
import { deliveryLine } from "./delivery.ts";
import { secrets } from "./function.ts";
import { millisecondsText, objectOf, objects, text } from "./kind.ts";

/** Which function runs for which event type (server.md 2.12). */
export const subscription = defineKind({
  kind: "Subscription",
  word: "subscription",
  title: "subscription",
  messages: { created: "created subscription" },
  operations: subscriptionOperations,
  schema: subscriptionSchema,
  shape:
    "concurrency? createdTime? eventType filters? function id? kind? modifiedTime? name orderBy? paused? retries? secrets status? tags",
  columns: {
    Name: "name",
    "Event type": "eventType",
    "Function name": "function",
    Status: "status",
    "Created date": created,
  },
  hasStatus: true,
  arguments: { function: needed("FUNCTION_NAME", "Function") },
  flags: {
    ...nameFlag,
    "event-type": textFlag("Event type to run for"),
    filter: array("Condition: NAME=TEXT, NAME!=TEXT, NAME^=START or NAME$=END, or JSON; repeatable, all must hold"),
    concurrency: integer("Its runs at once; 1 waits for the end of each"),
    "order-by": textFlag("Attribute or place in the data whose events wait for each other, such as data.vm.name"),
    paused: on("Keep its events and let them wait"),
    retries: integer("Attempts beyond the first before an event is a dead letter; 5 without"),
    ...secrets,
  },
  examples: ["subscription echo --name echo-ticks --event-type ticker.tick"],
  draft: async ({ flags }) => ({
    name: await nameOf(flags),
    filters: flags.filter.length === 0 ? undefined : flags.filter.map(filterOf),
    secrets: flags.secret,
  }),
  facts: {
    "Event type": "eventType",
    Filters: (resource) => objects(resource, "filters").map((filter) => JSON.stringify(filter)),
    Function: "function",
    "Runs at once": "concurrency",
    "Ordered by": "orderBy",
    Paused: ({ paused }) => (paused === true ? "yes: its events wait" : ""),
    Retries: "retries",
    Secrets: "secrets",
  },
  history: async ({ client }, resource) => {
    const path = { subscriptionName: text(resource, "name") };
    const details = objectOf(await client.call(eventLogOperations.explainSubscription, { path }));
    const { waiting, oldestTime } = details;
    const deliveries = objects(details, "deliveries");
    return [
      ["Waiting", [waiting ? `${waiting}, since ${millisecondsText(oldestTime)}` : "none"]],
      ["Waits for", [text(details, "reason")]],
      ["Full", [details.full === true ? "yes: no more may wait, events that come now are dead letters" : ""]],
      ["Dead letters", [text(details, "deadLetters")]],
      ["Last deliveries", deliveries.length === 0 ? ["none"] : deliveries.map(deliveryLine)],
    ];
  },
});

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
