/** Secrets on the wire (server.md 2.10). */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, tags, uuid } from "../shared/schemas.ts";

export const secretSchema = {
  type: "object",
  required: ["name"],
  properties: {
    ...described,
    id: uuid,
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    name: resourceName,
    secrets: { type: "object", additionalProperties: { type: "string" } },
    tags,
  },
} as const;

export type Secret = Static<typeof secretSchema>;

export const secretOperations = resourceOperations({
  resource: "secret",
  path: "/v1/secret",
  parameter: "secretName",
  word: "secret",
  schema: secretSchema,
  success: { update: 201, delete: 204 },
  summaries: {
    list: "List secrets with their values",
    get: "Get a secret with its values",
    update: "Replace the values of a secret",
  },
});
