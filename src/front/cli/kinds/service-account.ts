import { serviceAccountOperations, serviceAccountSchema } from "../../../core/iam/contract.ts";
import { CliError } from "../../../frame/errors.ts";
import { text as textFlag } from "../../../frame/flags.ts";
import { textFile } from "../files/given-files.ts";
import { list, objectsOf, text } from "../output/json.ts";
import { created, defineKind } from "./kind.ts";

/** Accounts of programs (server.md 2.13). */
export const serviceAccount = defineKind({
  kind: "ServiceAccount",
  word: "serviceaccount",
  aliases: ["serviceaccounts", "service-account", "service-accounts"],
  title: "service account",
  messages: { created: "Create service account", deleted: "Deleted ServiceAccount" },
  operations: serviceAccountOperations,
  schema: serviceAccountSchema,
  derived: ["domain"],
  shape: "createdTime? domain? id? kind? modifiedTime? name publicKey status?",
  columns: { Name: "name", "Created Date": created },
  arguments: { name: ["NAME"] },
  flags: { "public-key": textFlag("PEM file with its RSA public key") },
  examples: ["serviceaccount ci --public-key ci.pub.pem"],
  draft: ({ flags: { "public-key": path }, io }) => {
    const failure = "Error reading public key file";
    if (path === undefined) throw new CliError(`${failure}: name it with --public-key FILE`);
    return { publicKey: Buffer.from(textFile(io, path, failure)).toString("base64") };
  },
  facts: { "Public key": (resource) => text(resource, "publicKey") && "set" },
  users: {
    Policy: (policy, organization) =>
      objectsOf(policy.rules).flatMap((rule) =>
        list(rule, "subjects").map((subject) => subject.replace(`${organization}/`, "")),
      ),
  },
});
