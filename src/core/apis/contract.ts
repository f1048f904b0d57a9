/** Gateway endpoints (APIs) on the wire (server.md 2.11, decisions 10, 12 and 14). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { pageQuery, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

export const apiSchema = {
  type: "object",
  required: ["function", "name"],
  properties: {
    /** `public` (or empty), `basic`, `token` or `slack`. */
    authentication: { type: "string" },
    /** The secret that holds `signingSecret` (slack), or user names and passwords (basic). */
    authenticationSecret: { type: "string" },
    cors: { type: "boolean" },
    enabled: { type: "boolean" },
    function: { type: "string" },
    hosts: strings,
    /** The function may answer `{statusCode, headers, body}`. */
    httpResponse: { type: "boolean" },
    id: uuid,
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    methods: strings,
    name: resourceName,
    protocols: { type: "array", items: { type: "string", enum: ["http", "https"] } },
    reason: strings,
    status,
    tags,
    tls: { type: "string" },
    uris: strings,
  },
} as const;

export type Api = Static<typeof apiSchema>;

const resource = "api";

export const apiOperations = {
  createApi: {
    method: "POST",
    path: "/v1/api",
    permission: { resource, action: "create" },
    success: 200,
    summary: "Create a gateway endpoint",
    body: apiSchema,
    response: apiSchema,
  },
  listApis: {
    method: "GET",
    path: "/v1/api",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List gateway endpoints",
    query: { type: "object", properties: { ...pageQuery.properties, function: { type: "string" } } },
    response: { type: "array", items: apiSchema },
  },
  getApi: {
    method: "GET",
    path: "/v1/api/{api}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get a gateway endpoint",
    response: apiSchema,
  },
  updateApi: {
    method: "PUT",
    path: "/v1/api/{api}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace a gateway endpoint",
    body: apiSchema,
    response: apiSchema,
  },
  deleteApi: {
    method: "DELETE",
    path: "/v1/api/{api}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete a gateway endpoint",
    response: apiSchema,
  },
} as const satisfies Operations;
