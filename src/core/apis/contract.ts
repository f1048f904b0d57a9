/** Gateway endpoints (APIs) on the wire (server.md 2.11, decisions 10, 12 and 14). */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

const headerName = { type: "string", maxLength: 128, pattern: "^[\\w-]*$" } as const;

export const apiSchema = {
  type: "object",
  required: ["function", "name"],
  properties: {
    ...described,
    /** `public` (or empty), `basic`, `token`, `slack`, `github`, `standard-webhooks` or `hmac`. */
    authentication: { type: "string" },
    /** The secret that holds `signingSecret` (slack and webhooks), or user names and passwords (basic). */
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
    /** How the requests of `hmac` are signed. */
    signature: {
      type: "object",
      properties: {
        header: { ...headerName },
        algorithm: { type: "string", enum: ["sha256", "sha1", "sha384", "sha512"] },
        encoding: { type: "string", enum: ["hex", "base64"] },
        /** Before the signature: `sha256=`. */
        prefix: { type: "string", maxLength: 64 },
        /** The header with the time in Unix seconds; signed is then `<time>.<body>`, and none is taken twice. */
        timeHeader: { ...headerName },
      },
    },
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
