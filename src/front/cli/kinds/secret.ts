import { secretOperations, secretSchema } from "../../../core/secrets/contract.ts";
import { type Kind, plainStyle, textColumn, usualMessages } from "./kind.ts";

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
  shape: { keys: ["id?", "kind?", "name", "secrets?", "tags"] },
  table: {
    style: plainStyle,
    columns: [textColumn("ID", "id"), textColumn("Name", "name"), { title: "Content", cell: () => "<hidden>" }],
  },
  summaryKey: "secrets",
  hasStatus: false,
};
