import { type Command, command } from "../context/context.ts";
import type { Kind } from "../kinds/kind.ts";
import { iamKinds } from "../kinds/kinds.ts";
import { fileVerb } from "./batch.ts";
import { wait } from "./flags.ts";
import { getCommand } from "./get.ts";
import { deleteCommand, writeCommand } from "./write.ts";

export const iam = command({
  name: "iam",
  summary: "Manage who may do what",
  examples: ["dispatch iam get policies"],
  commands: [
    group("create", "Create", "serviceaccount ci --public-key ci.pub.pem", (kind, line) =>
      writeCommand(kind, "create", line),
    ),
    group("get", "Show", "policies --wide", getCommand),
    group("delete", "Delete", "policy readers", deleteCommand),
    fileVerb("update", wait, {
      summary: "Replace resources that exist",
      examples: ["dispatch iam update -f policies.yaml"],
    }),
  ],
});

function group(name: string, does: string, example: string, of: (kind: Kind, line: string) => Command): Command {
  return command({
    name,
    summary: `${does} policies, service accounts and organizations`,
    childWord: "resource type",
    examples: [`dispatch iam ${name} ${example}`],
    commands: iamKinds.map((kind) => of(kind, `iam ${name}`)),
  });
}
