/** Subscriptions, event drivers and their types (server.md 2.12). */
import {
  driverOperations,
  driverSchema,
  driverTypeOperations,
  driverTypeSchema,
  subscriptionOperations,
  subscriptionSchema,
} from "../../../core/events/contract.ts";
import type { Settings } from "../frame/settings.ts";
import type { JsonObject } from "../output/shape.ts";
import { dateColumn } from "./date-column.ts";
import { type Kind, list, objects, plainStyle, text, textColumn, usualMessages } from "./kind.ts";

/** Which function runs for which event type. */
export const subscription: Kind = {
  kind: "Subscription",
  word: "subscription",
  aliases: ["subscriptions"],
  title: "subscription",
  messages: { ...usualMessages("subscription"), created: "created subscription" },
  operations: subscriptionOperations,
  schema: subscriptionSchema,
  required: ["eventType", "function"],
  shape: {
    keys: [
      "createdTime?",
      "eventType",
      "function",
      "id?",
      "kind?",
      "modifiedTime?",
      "name",
      "secrets",
      "status?",
      "tags",
    ],
  },
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("Event type", "eventType"),
      textColumn("Function name", "function"),
      textColumn("Status", "status"),
      dateColumn("Created date"),
    ],
  },
  summaryKey: "subscriptions",
  hasStatus: true,
};

/** Programs that push events. */
export const driver: Kind = {
  kind: "Driver",
  word: "eventdriver",
  aliases: ["eventdrivers", "event-driver", "event-drivers"],
  title: "event driver",
  messages: { ...usualMessages("event driver"), deleted: "Deleted drivers" },
  operations: driverOperations,
  schema: driverSchema,
  required: ["type"],
  derived: ["expose"],
  shape: {
    keys: [
      "config",
      "created-time?",
      "id?",
      "kind?",
      "modified-time?",
      "name",
      "reason",
      "secrets",
      "expose",
      "url?",
      "status?",
      "tags",
      "type",
    ],
  },
  table: {
    style: { center: "-", rowLine: true, wrap: false },
    columns: [
      textColumn("Name", "name"),
      textColumn("Type", "type"),
      textColumn("Status", "status"),
      { title: "Secrets", cell: (resource) => list(resource, "secrets").join(",") },
      { title: "Config", cell: (resource) => objects(resource, "config").map(configLine).join("\n") },
      { title: "URL", cell: (resource, settings) => driverUrl(resource, settings) },
      { title: "Reason", cell: (resource) => list(resource, "reason").join(", ") },
    ],
  },
  summaryKey: "drivers",
  hasStatus: true,
};

/** What a driver can be made of. */
export const driverType: Kind = {
  kind: "DriverType",
  word: "eventdrivertype",
  aliases: ["eventdrivertypes", "event-driver-type", "event-driver-types", "eventdriver-types", "eventdriver-type"],
  title: "event driver type",
  messages: { ...usualMessages("event driver type"), deleted: "Deleted driver types" },
  operations: driverTypeOperations,
  schema: driverTypeSchema,
  required: ["image"],
  shape: {
    keys: ["config", "created-time?", "id?", "image", "expose", "kind?", "modified-time?", "name", "tags"],
  },
  table: {
    style: { center: "-", rowLine: true, wrap: true },
    columns: [
      textColumn("Name", "name"),
      textColumn("Image", "image"),
      { title: "Expose", cell: (resource) => String(resource.expose === true) },
    ],
  },
  summaryKey: "driverTypes",
  hasStatus: false,
};

function configLine(entry: JsonObject): string {
  const value = text(entry, "value");
  return value === "" ? text(entry, "key") : `${text(entry, "key")}=${value}`;
}

function driverUrl(resource: JsonObject, settings: Settings): string {
  return text(resource, "url").replace("0.0.0.0", settings.host);
}
