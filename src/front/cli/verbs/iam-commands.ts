import type { Command, Flag } from "../frame/command.ts";
import { iamKinds, kindNamed } from "../kinds/kinds.ts";
import { deleteCommand } from "./delete-commands.ts";
import { getCommand } from "./get-commands.ts";
import { file, wait, waitTimeout, workDir } from "./shared-flags.ts";

const wide: Flag = { name: "wide", short: "w", type: "boolean", description: "Print the rules, too" };

const policyFlags: readonly Flag[] = [
  { name: "subject", short: "s", type: "slice", description: "Who: accounts" },
  {
    name: "action",
    short: "a",
    type: "slice",
    description: "May do what: get, create, update, delete, reveal and use (secrets), emit (events), *",
  },
  { name: "resource", short: "r", type: "slice", description: "With which resources" },
  { name: "global", type: "boolean", description: "In all organizations, for subjects written ORGANIZATION/ACCOUNT" },
];

const publicKey: Flag = { name: "public-key", type: "string", description: "PEM file with its RSA public key" };

function iamCreate(kind: string, flags: readonly Flag[], example: string): Command {
  const found = kindNamed(kind);
  return {
    name: found.word,
    aliases: found.aliases,
    summary: `Create one ${found.title}`,
    arguments: [{ name: "NAME" }],
    flags,
    examples: [`dispatch iam create ${example}`],
    load: async () => (await import("./files.ts")).writer(found, "create"),
  };
}

const create: Command = {
  name: "create",
  summary: "Create policies, service accounts and organizations",
  childWord: "resource type",
  examples: ["dispatch iam create serviceaccount ci --public-key ci.pub.pem"],
  commands: [
    iamCreate("Policy", policyFlags, "policy readers --subject ci --action get --resource '*'"),
    iamCreate("ServiceAccount", [publicKey], "serviceaccount ci --public-key ci.pub.pem"),
    iamCreate("Organization", [], "organization team-a"),
  ],
};

const get: Command = {
  name: "get",
  summary: "Show policies, service accounts and organizations",
  childWord: "resource type",
  examples: ["dispatch iam get policies --wide"],
  commands: iamKinds.map((kind) => getCommand(kind, "iam get", kind.kind === "Policy" ? [wide] : [])),
};

const deleteGroup: Command = {
  name: "delete",
  summary: "Delete policies, service accounts and organizations",
  childWord: "resource type",
  examples: ["dispatch iam delete policy readers"],
  commands: iamKinds.map((kind) => deleteCommand(kind, "iam delete")),
};

const update: Command = {
  name: "update",
  summary: "Replace resources that exist",
  flags: [file, workDir, wait, waitTimeout],
  examples: ["dispatch iam update -f policies.yaml"],
  load: async () => (await import("./files.ts")).batch("update"),
};

/** `dispatch iam`. */
export const iam: Command = {
  name: "iam",
  summary: "Manage who may do what",
  examples: ["dispatch iam get policies"],
  commands: [create, get, deleteGroup, update],
};
