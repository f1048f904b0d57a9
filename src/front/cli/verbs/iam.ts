import { command } from "../frame/context.ts";
import { iamKinds } from "../kinds/kinds.ts";
import { batch } from "./batch.ts";
import { deleteCommand } from "./delete.ts";
import { files, wait, workDir } from "./flags.ts";
import { getCommand } from "./get-command.ts";
import { writeCommand } from "./write.ts";

/** `dispatch iam`. */
export const iam = command({
  name: "iam",
  summary: "Manage who may do what",
  examples: ["dispatch iam get policies"],
  commands: [
    command({
      name: "create",
      summary: "Create policies, service accounts and organizations",
      childWord: "resource type",
      examples: ["dispatch iam create serviceaccount ci --public-key ci.pub.pem"],
      commands: iamKinds.map((kind) => writeCommand(kind, "create", "iam create")),
    }),
    command({
      name: "get",
      summary: "Show policies, service accounts and organizations",
      childWord: "resource type",
      examples: ["dispatch iam get policies --wide"],
      commands: iamKinds.map((kind) => getCommand(kind, "iam get")),
    }),
    command({
      name: "delete",
      summary: "Delete policies, service accounts and organizations",
      childWord: "resource type",
      examples: ["dispatch iam delete policy readers"],
      commands: iamKinds.map((kind) => deleteCommand(kind, "iam delete")),
    }),
    command({
      name: "update",
      summary: "Replace resources that exist",
      flags: { ...files, ...workDir, ...wait },
      examples: ["dispatch iam update -f policies.yaml"],
      run: ({ flags, ...context }) => batch(context, "update", flags),
    }),
  ],
});
