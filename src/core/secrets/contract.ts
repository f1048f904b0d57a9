/** Secrets on the wire (server.md 2.10). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { pageQuery, resourceName, tags, uuid } from "../shared/schemas.ts";

export const secretSchema = {
  type: "object",
  required: ["name"],
  properties: {
    id: uuid,
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    name: resourceName,
    secrets: { type: "object", additionalProperties: { type: "string" } },
    tags,
  },
} as const;

export type Secret = Static<typeof secretSchema>;

const resource = "secret";

export const secretOperations = {
  createSecret: {
    method: "POST",
    path: "/v1/secret",
    permission: { resource, action: "create" },
    success: 201,
    summary: "Create a secret",
    body: secretSchema,
    response: secretSchema,
  },
  listSecrets: {
    method: "GET",
    path: "/v1/secret",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List secrets with their values",
    query: pageQuery,
    response: { type: "array", items: secretSchema },
  },
  getSecret: {
    method: "GET",
    path: "/v1/secret/{secretName}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a secret with its values",
    response: secretSchema,
  },
  updateSecret: {
    method: "PUT",
    path: "/v1/secret/{secretName}",
    permission: { resource, action: "update" },
    success: 201,
    summary: "Replace the values of a secret",
    body: secretSchema,
    response: secretSchema,
  },
  deleteSecret: {
    method: "DELETE",
    path: "/v1/secret/{secretName}",
    permission: { resource, action: "delete" },
    success: 204,
    summary: "Delete a secret",
  },
} as const satisfies Operations;
