import { baseImageOperations, baseImageSchema, imageOperations, imageSchema } from "../../../core/images/contract.ts";
import { dateColumn } from "./date-column.ts";
import { type Kind, plainStyle, textColumn, usualMessages } from "./kind.ts";

/** Base images: the language runtimes. */
export const baseImage: Kind = {
  kind: "BaseImage",
  word: "base-image",
  aliases: ["base-images"],
  title: "base image",
  messages: usualMessages("base image"),
  operations: baseImageOperations,
  schema: baseImageSchema,
  required: ["dockerUrl", "language"],
  shape: {
    keys: [
      "createdTime?",
      "dockerUrl",
      "groups",
      "id?",
      "kind?",
      "language",
      "name",
      "reason",
      "spec?",
      "status?",
      "tags",
    ],
  },
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("URL", "dockerUrl"),
      textColumn("Status", "status"),
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "baseImages",
  hasStatus: true,
};

/** Images: a base image with dependencies. */
export const image: Kind = {
  kind: "Image",
  word: "image",
  aliases: ["images"],
  title: "image",
  messages: usualMessages("image"),
  operations: imageOperations,
  schema: imageSchema,
  required: ["baseImageName"],
  derived: ["language", "dockerUrl"],
  shape: {
    keys: [
      "baseImageName",
      "createdTime?",
      "dockerUrl?",
      "groups",
      "id?",
      "kind?",
      "language?",
      "name",
      "reason",
      "runtimeDependencies?",
      "spec?",
      "status?",
      "systemDependencies?",
      "tags",
    ],
  },
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("URL", "dockerUrl"),
      textColumn("BaseImage", "baseImageName"),
      textColumn("Status", "status"),
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "images",
  hasStatus: true,
};
