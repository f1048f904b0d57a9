import { secretOperations, secretSchema } from "../../../core/secrets/contract.ts";
import { secretValues } from "../files/given-files.ts";
import { needed } from "../frame/command.ts";
import { on } from "../frame/flags.ts";
import {
  application,
  type Kind,
  keys,
  keysOf,
  list,
  plainStyle,
  reading,
  tagsOf,
  text,
  textColumn,
  usualMessages,
  writing,
} from "./kind.ts";

/** Secrets; no table ever shows a value. */
export const secret: Kind = {
  kind: "Secret",
  word: "secret",
  aliases: ["secrets"],
  title: "secret",
  messages: usualMessages("secret"),
  operations: secretOperations,
  schema: secretSchema,
  required: [],
  shape: keys("id? kind? name secrets? tags"),
  table: {
    style: plainStyle,
    columns: [textColumn("ID", "id"), textColumn("Name", "name"), { title: "Content", cell: () => "<hidden>" }],
  },
  summaryKey: "secrets",
  hasStatus: false,
  writing: writing({
    arguments: [needed("SECRET_NAME", "Secret"), needed("SECRETS_FILE")],
    flags: application,
    example: "secret slack slack.json",
    ignoresExtra: true,
    draft: async ({ args: [name, path = ""], flags, io }) => ({
      name,
      secrets: await secretValues(io, path),
      tags: tagsOf(flags),
    }),
  }),
  reading: reading({
    flags: { all: on("Print the secrets with their values, as JSON") },
    note: () => "Note: secret values are hidden, please use --all flag to get them\n\n",
  }),
  facts: (resource) => [["Keys", [keysOf(resource.secrets)]]],
  users: {
    Function: (functionResource) => list(functionResource, "secrets"),
    API: (api) => [text(api, "authenticationSecret")],
    Subscription: (subscription) => list(subscription, "secrets"),
    Driver: (driver) => list(driver, "secrets"),
  },
};
