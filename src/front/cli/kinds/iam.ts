/** Policies, service accounts and organizations (server.md 2.13). */
import {
  organizationOperations,
  organizationSchema,
  policyOperations,
  policySchema,
  serviceAccountOperations,
  serviceAccountSchema,
} from "../../../core/iam/contract.ts";
import { jsonText } from "../output/encode.ts";
import { dateColumn } from "./date-column.ts";
import { type Column, type Kind, objects, plainStyle, textColumn, usualMessages } from "./kind.ts";

const stamps = ["id?", "kind?", "modifiedTime?", "name"];

/** Who may do what. */
export const policy: Kind = {
  kind: "Policy",
  word: "policy",
  aliases: ["policies"],
  title: "policy",
  messages: usualMessages("policy"),
  operations: policyOperations,
  schema: policySchema,
  required: ["rules"],
  shape: { keys: ["createdTime?", "global?", ...stamps, "rules", "status?"] },
  table: {
    style: { ...plainStyle, wrap: false },
    columns: [
      textColumn("Name", "name"),
      { title: "Global", cell: (resource) => String(resource.global === true) },
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "policies",
  hasStatus: false,
};

/** The column that `iam get policy --wide` adds. */
export const rulesColumn: Column = {
  title: "Rules",
  cell: (resource) => jsonText(objects(resource, "rules")[0] ?? {}, 2).trimEnd(),
};

/** Accounts of programs. */
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
  shape: { keys: ["createdTime?", "domain?", ...stamps, "publicKey", "status?"] },
  table: { style: plainStyle, columns: [textColumn("Name", "name"), dateColumn("Created Date")] },
  summaryKey: "serviceaccounts",
  hasStatus: false,
};

/** Organizations: they share nothing. */
export const organization: Kind = {
  kind: "Organization",
  word: "organization",
  aliases: ["organizations"],
  title: "organization",
  messages: { created: "Created organization", updated: "Updated organization", deleted: "Deleted Organization" },
  operations: organizationOperations,
  schema: organizationSchema,
  required: [],
  shape: { keys: ["createdTime?", ...stamps, "status?"] },
  table: { style: plainStyle, columns: [textColumn("Name", "name"), dateColumn("Created Date")] },
  summaryKey: "organizations",
  hasStatus: false,
};
