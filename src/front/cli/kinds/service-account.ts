import { serviceAccountOperations, serviceAccountSchema } from "../../../core/iam/contract.ts";
import { pemFile } from "../files/given-files.ts";
import { needed } from "../frame/command.ts";
import { text as textFlag } from "../frame/flags.ts";
import { dateColumn, type Kind, keys, list, objects, plainStyle, text, textColumn, writing } from "./kind.ts";

/** Accounts of programs (server.md 2.13). */
export const serviceAccount: Kind = {
  kind: "ServiceAccount",
  word: "serviceaccount",
  aliases: ["serviceaccounts", "service-account", "service-accounts"],
  title: "service account",
  messages: {
    created: "Create service account",
    updated: "Updated service account",
    deleted: "Deleted ServiceAccount",
  },
  operations: serviceAccountOperations,
  schema: serviceAccountSchema,
  required: ["publicKey"],
  derived: ["domain"],
  shape: keys("createdTime? domain? id? kind? modifiedTime? name publicKey status?"),
  table: { style: plainStyle, columns: [textColumn("Name", "name"), dateColumn("Created Date")] },
  summaryKey: "serviceaccounts",
  hasStatus: false,
  writing: writing({
    arguments: [needed("NAME")],
    flags: { "public-key": textFlag("PEM file with its RSA public key") },
    example: "serviceaccount ci --public-key ci.pub.pem",
    draft: ({ args: [name], flags, io }) => ({ name, publicKey: pemFile(io, flags["public-key"]) }),
  }),
  facts: (resource) => [["Public key", [text(resource, "publicKey") && "set"]]],
  users: {
    Policy: (policy, organization) =>
      objects(policy, "rules").flatMap((rule) =>
        list(rule, "subjects").map((subject) => subject.replace(`${organization}/`, "")),
      ),
  },
};
