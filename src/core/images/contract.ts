/** Base images and images on the wire (server.md 2.8 and 2.9). */
import type { Static } from "typebox";
import { type ResourceOperations, resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

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

/** A path, or the beginning of a version; empty: the machine's own. */
const interpreter = {
  type: "string",
  pattern: "^(|/[^\\0\\n]+|\\d+(\\.\\d+)*)$",
  maxLength: 4096,
  patternMessage:
    "interpreter should be the path of a program on the server's machine (/usr/bin/python3.12) or a version (3.12)",
} as const;

export const baseImageSchema = {
  type: "object",
  required: ["dockerUrl", "language", "name"],
  properties: { ...described, ...common, dockerUrl: { type: "string" }, interpreter, language: { type: "string" } },
} as const;

export const imageSchema = {
  type: "object",
  required: ["baseImageName", "name"],
  properties: {
    ...described,
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

export const baseImageOperations = resourceOperations({
  resource: "baseimage",
  path: "/v1/baseimage",
  parameter: "baseImageName",
  word: "base image",
  schema: baseImageSchema,
});

const images = resourceOperations({
  resource: "image",
  path: "/v1/image",
  parameter: "imageName",
  word: "image",
  schema: imageSchema,
  filters: { language: { type: "string" } },
  summaries: {
    create: "Create an image: a base image with dependencies",
    update: "Replace an image; it is built anew",
  },
});

/** The answer to a deletion has a status that requests do not know. */
const deletedImageSchema = {
  ...imageSchema,
  properties: { ...imageSchema.properties, status: { type: "string", enum: ["DELETED"] } },
} as const;

export const imageOperations: ResourceOperations = {
  ...images,
  delete: { ...images.delete, response: deletedImageSchema },
};
