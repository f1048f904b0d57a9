import { organizationOperations, organizationSchema } from "../../../core/iam/contract.ts";
import { created, defineKind } from "./kind.ts";
import { kept, keptFact, retention } from "./retention.ts";

/** Organizations: they share nothing (server.md 2.13). */
export const organization = defineKind({
  kind: "Organization",
  word: "organization",
  messages: { deleted: "Deleted Organization" },
  operations: organizationOperations,
  schema: organizationSchema,
  shape: "createdTime? id? kind? modifiedTime? name status?",
  columns: { Name: "name", "Created Date": created },
  arguments: { name: ["NAME"] },
  flags: retention,
  examples: ["organization team-a"],
  draft: ({ flags }) => kept(flags),
  facts: { "Runs kept": keptFact },
});
