/** Applications on the wire: labels under which people group what belongs together (server.md 2.14). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { pageQuery, resourceName, status, tags, uuid } from "../shared/schemas.ts";

export const applicationSchema = {
  type: "object",
  required: ["name"],
  properties: {
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

const resource = "application";

export const applicationOperations = {
  createApplication: {
    method: "POST",
    path: "/v1/application",
    permission: { resource, action: "create" },
    success: 200,
    summary: "Create an application",
    body: applicationSchema,
    response: applicationSchema,
  },
  listApplications: {
    method: "GET",
    path: "/v1/application",
    permission: { resource, action: "get" },
    success: 200,
    summary: "List applications",
    query: pageQuery,
    response: { type: "array", items: applicationSchema },
  },
  getApplication: {
    method: "GET",
    path: "/v1/application/{application}",
    permission: { resource, action: "get" },
    success: 200,
    summary: "Get an application",
    response: applicationSchema,
  },
  updateApplication: {
    method: "PUT",
    path: "/v1/application/{application}",
    permission: { resource, action: "update" },
    success: 200,
    summary: "Replace the tags of an application",
    body: applicationSchema,
    response: applicationSchema,
  },
  deleteApplication: {
    method: "DELETE",
    path: "/v1/application/{application}",
    permission: { resource, action: "delete" },
    success: 200,
    summary: "Delete an application; what is labelled with it stays",
    response: applicationSchema,
  },
} as const satisfies Operations;
