/** Gateway endpoints (APIs) on the wire (server.md 2.11, decisions 10, 12 and 14). */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

export const apiSchema = {
  type: "object",
  required: ["function", "name"],
  properties: {
    ...described,
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
    /** `httpContext.rawBody` is the body as it was sent; every content type is taken. */
    rawBody: { type: "boolean" },
    reason: strings,
    status,
    tags,
    tls: { type: "string" },
    uris: strings,
  },
} as const;

export type Api = Static<typeof apiSchema>;

export const apiOperations = resourceOperations({
  resource: "api",
  path: "/v1/api",
  parameter: "api",
  word: "gateway endpoint",
  schema: apiSchema,
  filters: { function: { type: "string" } },
  success: { create: 200 },
});
