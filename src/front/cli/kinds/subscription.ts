import { subscriptionOperations, subscriptionSchema } from "../../../core/events/contract.ts";
import { eventLogOperations } from "../../../core/events/delivery-contract.ts";
import { UsageError } from "../../../frame/errors.ts";
import { array, integer, on, text as textFlag } from "../../../frame/flags.ts";
import { unlessRefused } from "../../client/errors.ts";
import type { Context } from "../context/context.ts";
import { isObject, type JsonObject, objectOf, objectsOf, text } from "../output/json.ts";
import { millisecondsText } from "../output/time.ts";
import { deliveryLine } from "./delivery.ts";
import { secrets } from "./function.ts";
import { created, defineKind, nameFlag, nameOf } from "./kind.ts";

/** Which function runs for which event type (server.md 2.12). */
export const subscription = defineKind({
  kind: "Subscription",
  word: "subscription",
  messages: { created: "created subscription" },
  operations: subscriptionOperations,
  schema: subscriptionSchema,
  shape:
    "concurrency? createdTime? eventType filters? function id? kind? modifiedTime? name orderBy? paused? reason? retries? secrets status? tags",
  columns: {
    Name: "name",
    "Event type": "eventType",
    "Function name": "function",
    Status: "status",
    "Created date": created,
    Delivered: count("delivered"),
    Waiting: count("waiting"),
    Failing: count("failing"),
    "Dead letters": count("deadLetters"),
    "Last state": (resource) => text(lastDelivery(resource), "status"),
    "Last time": (resource) => timeOf(lastDelivery(resource)),
  },
  reading: {
    beside: async (context, resources) => {
      const counts = await countsOf(context, resources);
      return resources.map((resource) => ({ ...resource, counts: counts.get(text(resource, "name")) }));
    },
  },
  hasStatus: true,
  arguments: { function: ["FUNCTION_NAME", "Function"] },
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
  }),
  facts: {
    "Event type": "eventType",
    Filters: (resource) => objectsOf(resource.filters).map((filter) => JSON.stringify(filter)),
    Function: "function",
    "Runs at once": "concurrency",
    "Ordered by": "orderBy",
    Paused: ({ paused }) => (paused === true ? "yes: its events wait" : ""),
    Retries: "retries",
    Secrets: "secrets",
  },
  history: async (_context, { counts: details }) => {
    if (!isObject(details)) return [];
    const { waiting, oldestTime } = details;
    const deliveries = objectsOf(details.deliveries);
    return [
      ["Delivered", [countText(details, "delivered")]],
      ["Waiting", [waiting ? `${waiting}, since ${millisecondsText(oldestTime)}` : "none"]],
      ["Waits for", [text(details, "reason")]],
      ["Failing", [countText(details, "failing")]],
      ["Full", [details.full === true ? "yes: no more may wait, events that come now are dead letters" : ""]],
      ["Dead letters", [countText(details, "deadLetters")]],
      ["Last deliveries", deliveries.length === 0 ? ["none"] : deliveries.map(deliveryLine)],
    ];
  },
});

/** By name. Of one the server is asked for itself; a server that is older than the command line knows of no counts. */
async function countsOf({ client }: Context, resources: readonly JsonObject[]): Promise<Map<string, JsonObject>> {
  const [only, ...more] = resources;
  if (only === undefined) return new Map();
  const path = { subscriptionName: text(only, "name") };
  const asked =
    more.length > 0
      ? client.all(eventLogOperations.countSubscriptions)
      : client.call(eventLogOperations.explainSubscription, { path }).then((told) => [{ ...told, name: only.name }]);
  const all = objectsOf(await unlessRefused<unknown>(asked));
  return new Map(all.map((counts) => [text(counts, "name"), counts]));
}

function count(key: string): (resource: JsonObject) => string {
  return ({ counts }) => countText(objectOf(counts), key);
}

/** The server counts all that was delivered, and of the rest so many. */
function countText(counts: JsonObject, key: string): string {
  const number = text(counts, key);
  return key !== "delivered" && number === "1000" ? "1000 or more" : number;
}

function lastDelivery({ counts }: JsonObject): JsonObject {
  const { lastDelivery, deliveries = [lastDelivery] } = objectOf(counts);
  return objectsOf(deliveries)[0] ?? {};
}

function timeOf({ endedTime, promisedTime }: JsonObject): string {
  return millisecondsText(endedTime ?? promisedTime);
}

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
