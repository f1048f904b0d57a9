import { organizationOperations, organizationSchema } from "../../../core/iam/contract.ts";
import { needed } from "../frame/command.ts";
import { dateColumn, type Kind, keys, plainStyle, textColumn, writing } from "./kind.ts";

/** Organizations: they share nothing (server.md 2.13). */
export const organization: Kind = {
  kind: "Organization",
  word: "organization",
  aliases: ["organizations"],
  title: "organization",
  messages: { created: "Created organization", updated: "Updated organization", deleted: "Deleted Organization" },
  operations: organizationOperations,
  schema: organizationSchema,
  required: [],
  shape: keys("createdTime? id? kind? modifiedTime? name status?"),
  table: { style: plainStyle, columns: [textColumn("Name", "name"), dateColumn("Created Date")] },
  summaryKey: "organizations",
  hasStatus: false,
  writing: writing({
    arguments: [needed("NAME")],
    flags: {},
    example: "organization team-a",
    draft: ({ args: [name] }) => ({ name }),
  }),
  facts: () => [],
};
