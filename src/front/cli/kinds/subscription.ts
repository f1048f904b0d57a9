import { subscriptionOperations, subscriptionSchema } from "../../../core/events/contract.ts";
import { needed } from "../frame/command.ts";
import { text as textFlag } from "../frame/flags.ts";
import { secrets } from "./function.ts";
import {
  application,
  dateColumn,
  type Kind,
  keys,
  list,
  plainStyle,
  tagsOf,
  text,
  textColumn,
  usualMessages,
  writing,
} from "./kind.ts";
import { randomName } from "./random-name.ts";

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
  shape: keys("createdTime? eventType function id? kind? modifiedTime? name secrets status? tags"),
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
    flags: { ...name, "event-type": textFlag("Event type to run for"), ...secrets, ...application },
    example: "subscription echo --name echo-ticks --event-type ticker.tick",
    draft: ({ args: [functionName], flags }) => ({
      name: flags.name ?? randomName(),
      eventType: flags["event-type"] ?? "",
      function: functionName,
      secrets: flags.secret,
      tags: tagsOf(flags),
    }),
  }),
  facts: (resource) => [
    ["Event type", [text(resource, "eventType")]],
    ["Function", [text(resource, "function")]],
    ["Secrets", [list(resource, "secrets").join(", ")]],
  ],
};
