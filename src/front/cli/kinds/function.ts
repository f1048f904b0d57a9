import { functionOperations, functionSchema } from "../../../core/functions/contract.ts";
import { dateColumn } from "./date-column.ts";
import { type Kind, plainStyle, textColumn, usualMessages } from "./kind.ts";

/** Functions. */
export const functionKind: Kind = {
  kind: "Function",
  word: "function",
  aliases: ["functions"],
  title: "function",
  messages: usualMessages("function"),
  operations: functionOperations,
  schema: functionSchema,
  required: ["image"],
  // Sources are taken, never handed out.
  derived: ["source", "sourceURL", "sourcePath", "services"],
  shape: {
    keys: [
      "source?",
      "sourceURL?",
      "sourcePath?",
      "createdTime?",
      "faasId?",
      "id?",
      "image",
      "functionImageURL?",
      "kind?",
      "handler",
      "modifiedTime?",
      "name",
      "reason",
      "schema?",
      "secrets",
      "services",
      "status?",
      "timeout?",
      "tags",
    ],
    nested: { schema: { keys: ["in??", "out??"] } },
  },
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("FunctionImage", "functionImageURL"),
      textColumn("Status", "status"),
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "functions",
  hasStatus: true,
};
