/** Policies, service accounts and organizations on the wire (server.md 2.13 and 8.4). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { pageQuery, resourceName, status, strings, uuid } from "../shared/schemas.ts";

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
      items: { type: "string", enum: ["get", "create", "update", "delete", "reveal", "use", "*"] },
    },
    resources: { type: "array", items: { type: "string", pattern: "^[\\w\\d\\-\\*]+$" } },
    subjects: strings,
  },
} as const;

export const policySchema = {
  type: "object",
  required: ["name", "rules"],
  properties: {
    ...stamps,
    /** It counts in all organizations for subjects written `organization/account`. */
    global: { type: "boolean" },
    name: resourceName,
    rules: { type: "array", items: ruleSchema },
  },
} as const;

export type Rule = Static<typeof ruleSchema>;
export type Policy = Static<typeof policySchema>;

const accountName = { type: "string", pattern: "^[\\w\\d\\-\\.]+$" } as const;

export const serviceAccountSchema = {
  type: "object",
  required: ["name", "publicKey"],
  properties: {
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
  properties: { ...stamps, name: { type: "string", pattern: "^[\\w\\d\\-]+$" } },
} as const;

export type Organization = Static<typeof organizationSchema>;

const resource = "iam";

export const policyOperations = {
  createPolicy: {
    method: "POST",
    path: "/v1/iam/policy",
    permission: { resource, action: "create" },
    success: 201,
    summary: "Create a policy",
    body: policySchema,
    response: policySchema,
  },
  listPolicies: {
    method: "GET",
    path: "/v1/iam/policy",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List policies",
    query: pageQuery,
    response: { type: "array", items: policySchema },
  },
  getPolicy: {
    method: "GET",
    path: "/v1/iam/policy/{policyName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a policy",
    response: policySchema,
  },
  updatePolicy: {
    method: "PUT",
    path: "/v1/iam/policy/{policyName}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace the rules of a policy",
    body: policySchema,
    response: policySchema,
  },
  deletePolicy: {
    method: "DELETE",
    path: "/v1/iam/policy/{policyName}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete a policy",
    response: policySchema,
  },
} as const satisfies Operations;

const parameters = { serviceAccountName: accountName } as const;

export const serviceAccountOperations = {
  createServiceAccount: {
    method: "POST",
    path: "/v1/iam/serviceaccount",
    permission: { resource, action: "create" },
    success: 201,
    summary: "Create a service account",
    body: serviceAccountSchema,
    response: serviceAccountSchema,
  },
  listServiceAccounts: {
    method: "GET",
    path: "/v1/iam/serviceaccount",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List service accounts",
    query: pageQuery,
    response: { type: "array", items: serviceAccountSchema },
  },
  getServiceAccount: {
    method: "GET",
    path: "/v1/iam/serviceaccount/{serviceAccountName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a service account",
    parameters,
    response: serviceAccountSchema,
  },
  updateServiceAccount: {
    method: "PUT",
    path: "/v1/iam/serviceaccount/{serviceAccountName}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace the public key of a service account",
    parameters,
    body: serviceAccountSchema,
    response: serviceAccountSchema,
  },
  deleteServiceAccount: {
    method: "DELETE",
    path: "/v1/iam/serviceaccount/{serviceAccountName}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete a service account: its tokens end at once",
    parameters,
    response: serviceAccountSchema,
  },
} as const satisfies Operations;

export const organizationOperations = {
  createOrganization: {
    method: "POST",
    path: "/v1/iam/organization",
    permission: { resource, action: "create" },
    success: 201,
    summary: "Create an organization",
    organization: "optional",
    body: organizationSchema,
    response: organizationSchema,
  },
  listOrganizations: {
    method: "GET",
    path: "/v1/iam/organization",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List the organizations that the caller may see",
    organization: "optional",
    query: pageQuery,
    response: { type: "array", items: organizationSchema },
  },
  getOrganization: {
    method: "GET",
    path: "/v1/iam/organization/{organizationName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get an organization",
    response: organizationSchema,
  },
  updateOrganization: {
    method: "PUT",
    path: "/v1/iam/organization/{organizationName}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Update an organization",
    body: organizationSchema,
    response: organizationSchema,
  },
  deleteOrganization: {
    method: "DELETE",
    path: "/v1/iam/organization/{organizationName}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete an organization; its contents stay",
    response: organizationSchema,
  },
} as const satisfies Operations;
