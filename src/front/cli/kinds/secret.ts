import { secretOperations, secretSchema } from "../../../core/secrets/contract.ts";
import { CliError } from "../../../frame/errors.ts";
import { on } from "../../../frame/flags.ts";
import { secretValues } from "../files/given-files.ts";
import { yamlText } from "../output/encode.ts";
import { isObject, type JsonObject, keysOf, text } from "../output/json.ts";
import { defineKind } from "./kind.ts";

/** Secrets; no table and no comparison ever shows a value. */
export const secret = defineKind({
  kind: "Secret",
  word: "secret",
  operations: secretOperations,
  schema: secretSchema,
  shape: "id? kind? name secrets? tags",
  columns: { ID: "id", Name: "name", Content: () => "<hidden>" },
  arguments: { name: ["SECRET_NAME", "Secret"], file: ["SECRETS_FILE"] },
  examples: ["secret slack slack.json"],
  ignoresExtra: true,
  draft: async ({ args: [, path = ""], io }) => ({ secrets: await secretValues(io, path) }),
  reading: {
    flags: { all: on("Print the secrets with their values, as JSON") },
    note: () => "Note: secret values are hidden, please use --all flag to get them\n\n",
  },
  facts: { Keys: (resource) => keysOf(resource.secrets) },
  users: { Function: "secrets", API: "authenticationSecret", Subscription: "secrets", Driver: "secrets" },
  masked: (spec, known) => (isObject(spec.secrets) ? { ...spec, secrets: hidden(spec.secrets, known?.secrets) } : spec),
  edited: async (spec) => {
    if (spec.secrets !== undefined) return yamlText(spec);
    throw new CliError(
      `the values of secret ${text(spec, "name")} are not shown to you, and an edit would replace them all: use dispatch update secret`,
    );
  },
});

/** Only whether a value differs from the one that is known. */
function hidden(values: JsonObject, known: unknown): JsonObject {
  const before = isObject(known) ? known : values;
  const differs = (key: string): boolean => before[key] !== undefined && before[key] !== values[key];
  const shown = Object.keys(values).map((key) => [key, differs(key) ? "<hidden, another value>" : "<hidden>"]);
  return Object.fromEntries(shown) as JsonObject;
}
