/** Policies, service accounts and organizations (server.md 2.13). */
import { jsonText } from "../output/encode.ts";
import { dateColumn } from "./date-column.ts";
import {
  type Column,
  type FieldSchema,
  type Kind,
  objects,
  pathOperations,
  plainStyle,
  textColumn,
  usualMessages,
} from "./kind.ts";

const string: FieldSchema = { type: "string" };
const strings: FieldSchema = { type: "array", items: string };
const boolean: FieldSchema = { type: "boolean" };
const integer: FieldSchema = { type: "integer" };
const common = { createdTime: integer, id: string, kind: string, modifiedTime: integer, name: string, status: string };
const stamps = ["id?", "kind?", "modifiedTime?", "name"];

/** Who may do what. */
export const policy: Kind = {
  kind: "Policy",
  word: "policy",
  aliases: ["policies"],
  title: "policy",
  messages: usualMessages("policy"),
  operations: pathOperations("/v1/iam/policy"),
  schema: {
    type: "object",
    properties: {
      ...common,
      global: boolean,
      rules: {
        type: "array",
        items: { type: "object", properties: { actions: strings, resources: strings, subjects: strings } },
      },
    },
  },
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
  operations: pathOperations("/v1/iam/serviceaccount"),
  schema: { type: "object", properties: { ...common, domain: string, publicKey: string } },
  required: ["publicKey"],
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
  operations: pathOperations("/v1/iam/organization"),
  schema: { type: "object", properties: common },
  required: [],
  shape: { keys: ["createdTime?", ...stamps, "status?"] },
  table: { style: plainStyle, columns: [textColumn("Name", "name"), dateColumn("Created Date")] },
  summaryKey: "organizations",
  hasStatus: false,
};
