/** Applications on the wire: labels under which people group what belongs together (server.md 2.14). */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, status, tags, uuid } from "../shared/schemas.ts";

export const applicationSchema = {
  type: "object",
  required: ["name"],
  properties: {
    ...described,
    createdTime: { type: "integer" },
    id: uuid,
    kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
    modifiedTime: { type: "integer" },
    name: resourceName,
    status,
    tags,
  },
} as const;

export type Application = Static<typeof applicationSchema>;

/** Names with tags: the tag `Application` of other resources refers to them, and nothing else depends on them. */
export const applicationKind = {
  kind: "Application",
  word: "application",
  resource: "application",
  schema: applicationSchema,
} as const;

export const applicationOperations = resourceOperations({
  resource: "application",
  path: "/v1/application",
  parameter: "application",
  word: "application",
  schema: applicationSchema,
  success: { create: 200 },
  summaries: {
    update: "Replace the tags of an application",
    delete: "Delete an application; what is labelled with it stays",
  },
});
