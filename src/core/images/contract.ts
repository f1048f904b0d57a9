/** Base images and images on the wire (server.md 2.8 and 2.9). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { pageQuery, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

const common = {
  createdTime: { type: "integer" },
  groups: strings,
  id: uuid,
  kind: { type: "string", pattern: "^[\\w\\d\\-]+$" },
  name: resourceName,
  reason: strings,
  spec: { type: "string", enum: ["CONFIGURE", "CREATE", "DELETE"] },
  status,
  tags,
} as const;

export const baseImageSchema = {
  type: "object",
  required: ["dockerUrl", "language", "name"],
  properties: { ...common, dockerUrl: { type: "string" }, language: { type: "string" } },
} as const;

export const imageSchema = {
  type: "object",
  required: ["baseImageName", "name"],
  properties: {
    ...common,
    baseImageName: { type: "string" },
    dockerUrl: { type: "string" },
    language: { type: "string" },
    runtimeDependencies: { type: "object", properties: { manifest: { type: "string" } } },
    systemDependencies: {
      type: "object",
      properties: {
        packages: {
          type: "array",
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, version: { type: "string" } },
          },
        },
      },
    },
  },
} as const;

export type BaseImage = Static<typeof baseImageSchema>;
export type Image = Static<typeof imageSchema>;

export const baseImageOperations = {
  createBaseImage: {
    method: "POST",
    path: "/v1/baseimage",
    permission: { resource: "baseimage", action: "create" },
    success: 201,
    summary: "Create a base image",
    body: baseImageSchema,
    response: baseImageSchema,
  },
  listBaseImages: {
    method: "GET",
    path: "/v1/baseimage",
    permission: { resource: "baseimage", action: "get" },
    success: 200,
    summary: "List base images",
    query: pageQuery,
    response: { type: "array", items: baseImageSchema },
  },
  getBaseImage: {
    method: "GET",
    path: "/v1/baseimage/{baseImageName}",
    permission: { resource: "baseimage", action: "get" },
    success: 200,
    summary: "Get a base image",
    response: baseImageSchema,
  },
  updateBaseImage: {
    method: "PUT",
    path: "/v1/baseimage/{baseImageName}",
    permission: { resource: "baseimage", action: "update" },
    success: 200,
    summary: "Replace a base image",
    body: baseImageSchema,
    response: baseImageSchema,
  },
  deleteBaseImage: {
    method: "DELETE",
    path: "/v1/baseimage/{baseImageName}",
    permission: { resource: "baseimage", action: "delete" },
    success: 200,
    summary: "Delete a base image",
    response: baseImageSchema,
  },
} as const satisfies Operations;

export const imageOperations = {
  createImage: {
    method: "POST",
    path: "/v1/image",
    permission: { resource: "image", action: "create" },
    success: 201,
    summary: "Create an image: a base image with dependencies",
    body: imageSchema,
    response: imageSchema,
  },
  listImages: {
    method: "GET",
    path: "/v1/image",
    permission: { resource: "image", action: "get" },
    success: 200,
    summary: "List images",
    query: pageQuery,
    response: { type: "array", items: imageSchema },
  },
  getImage: {
    method: "GET",
    path: "/v1/image/{imageName}",
    permission: { resource: "image", action: "get" },
    success: 200,
    summary: "Get an image",
    response: imageSchema,
  },
  updateImage: {
    method: "PUT",
    path: "/v1/image/{imageName}",
    permission: { resource: "image", action: "update" },
    success: 200,
    summary: "Replace an image; it is built anew",
    body: imageSchema,
    response: imageSchema,
  },
  deleteImage: {
    method: "DELETE",
    path: "/v1/image/{imageName}",
    permission: { resource: "image", action: "delete" },
    success: 200,
    summary: "Delete an image",
    response: imageSchema,
  },
} as const satisfies Operations;
