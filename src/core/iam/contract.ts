/** Policies, service accounts and organizations on the wire (server.md 2.13 and 8.4). */
import type { Static } from "typebox";
import { type ResourceOperations, resourceOperations } from "../shared/resource-operations.ts";
import { described, keepRuns, resourceName, status, strings, uuid } from "../shared/schemas.ts";

const stamps = {
  createdTime: { type: "integer" },
  id: uuid,
  kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
  modifiedTime: { type: "integer" },
  status,
} as const;

/** One rule: every subject may do every action with every resource. */
export const ruleSchema = {
  type: "object",
  required: ["actions", "resources", "subjects"],
  properties: {
    actions: {
      type: "array",
      items: { type: "string", enum: ["get", "create", "update", "delete", "reveal", "use", "emit", "*"] },
    },
    resources: { type: "array", items: { type: "string", pattern: "^[\\w\\d\\-\\*]+$" } },
    subjects: strings,
  },
} as const;

export const policySchema = {
  type: "object",
  required: ["name", "rules"],
  properties: {
    ...described,
    ...stamps,
    /** It counts in all organizations for subjects written `organization/account`. */
    global: { type: "boolean" },
    name: resourceName,
    /** Required; an empty list reads back as null. */
    rules: { type: "array", items: ruleSchema, nullable: true },
  },
} as const;

export type Rule = Static<typeof ruleSchema>;
export type Policy = Static<typeof policySchema>;

const accountName = { type: "string", pattern: "^[\\w\\d\\-\\.]+$" } as const;

export const serviceAccountSchema = {
  type: "object",
  required: ["name", "publicKey"],
  properties: {
    ...described,
    ...stamps,
    /** Accepted from older clients; nothing depends on it, and it is not returned. */
    domain: accountName,
    name: accountName,
    /** Base64 of a PEM RSA public key. */
    publicKey: { type: "string" },
  },
} as const;

export type ServiceAccount = Static<typeof serviceAccountSchema>;

export const organizationSchema = {
  type: "object",
  required: ["name"],
  properties: {
    ...described,
    ...stamps,
    /** Of its runs fewer are kept than of those of others. */
    keepRuns,
    name: { type: "string", pattern: "^[\\w\\d\\-]+$" },
  },
} as const;

export type Organization = Static<typeof organizationSchema>;

const resource = "iam";

export const policyOperations = resourceOperations({
  resource,
  path: "/v1/iam/policy",
  parameter: "policyName",
  word: "policy",
  schema: policySchema,
  summaries: { list: "List policies", update: "Replace the rules of a policy" },
});

const accounts = resourceOperations({
  resource,
  path: "/v1/iam/serviceaccount",
  parameter: "serviceAccountName",
  word: "service account",
  schema: serviceAccountSchema,
  summaries: {
    update: "Replace the public key of a service account",
    delete: "Delete a service account: its tokens end at once",
  },
});

const parameters = { serviceAccountName: accountName } as const;

export const serviceAccountOperations: ResourceOperations = {
  ...accounts,
  get: { ...accounts.get, parameters },
  update: { ...accounts.update, parameters },
  delete: { ...accounts.delete, parameters },
};

const organizations = resourceOperations({
  resource,
  path: "/v1/iam/organization",
  parameter: "organizationName",
  word: "organization",
  schema: organizationSchema,
  summaries: {
    list: "List the organizations that the caller may see",
    update: "Update an organization",
    delete: "Delete an organization; its contents stay",
  },
});

export const organizationOperations: ResourceOperations = {
  ...organizations,
  create: { ...organizations.create, organization: "optional" },
  list: { ...organizations.list, organization: "optional" },
};
