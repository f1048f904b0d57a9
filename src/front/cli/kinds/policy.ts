import { policyOperations, policySchema } from "../../../core/iam/contract.ts";
import { on, slice } from "../../../frame/flags.ts";
import { jsonText } from "../output/encode.ts";
import { type JsonObject, list, objectsOf } from "../output/json.ts";
import { created, defineKind, isTrue } from "./kind.ts";

export const policy = defineKind({
  kind: "Policy",
  word: "policy",
  aliases: ["policies"],
  operations: policyOperations,
  schema: policySchema,
  shape: "createdTime? global? id? kind? modifiedTime? name rules status?",
  style: { wrap: false },
  columns: { Name: "name", Global: isTrue("global"), "Created Date": created },
  summaryKey: "policies",
  arguments: { name: ["NAME"] },
  flags: {
    subject: slice("Who: accounts", { short: "s" }),
    action: slice("May do what: get, create, update, delete, reveal and use (secrets), emit (events), *", {
      short: "a",
    }),
    resource: slice("With which resources", { short: "r" }),
    global: on("In all organizations, for subjects written ORGANIZATION/ACCOUNT"),
  },
  examples: ["policy readers --subject ci --action get --resource '*'"],
  draft: ({ flags }) => ({
    global: flags.global,
    rules: [{ subjects: flags.subject, actions: flags.action, resources: flags.resource }],
  }),
  reading: {
    flags: { wide: on("Print the rules, too", { short: "w" }) },
    note: ({ wide }) => (wide ? "" : "Note: rule contents are omitted, please use --wide or -w to print them\n"),
    more: ({ wide }) => (wide ? { Rules: firstRule } : {}),
  },
  facts: { Global: "global", Rules: (resource) => objectsOf(resource.rules).map(ruleLine) },
});

function firstRule(resource: JsonObject): string {
  return jsonText(objectsOf(resource.rules)[0] ?? {}, 2).trimEnd();
}

function ruleLine(rule: JsonObject): string {
  const [subjects, actions, resources] = [list(rule, "subjects"), list(rule, "actions"), list(rule, "resources")];
  return `${subjects.join(", ")} may ${actions.join(", ")} ${resources.join(", ")}`;
}
