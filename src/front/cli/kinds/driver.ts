import { driverOperations, driverSchema, driverTokenOperations } from "../../../core/events/contract.ts";
import { needed } from "../frame/command.ts";
import { array } from "../frame/flags.ts";
import type { JsonObject } from "../output/shape.ts";
import { secrets } from "./function.ts";
import {
  application,
  type Kind,
  keys,
  list,
  objects,
  tagsOf,
  text,
  textColumn,
  usualMessages,
  writing,
} from "./kind.ts";
import { name } from "./subscription.ts";

/** Programs that push events (server.md 2.12). */
export const driver: Kind = {
  kind: "Driver",
  word: "eventdriver",
  aliases: ["eventdrivers", "event-driver", "event-drivers", "driver", "drivers"],
  title: "event driver",
  messages: { ...usualMessages("event driver"), deleted: "Deleted drivers" },
  operations: driverOperations,
  schema: driverSchema,
  required: ["type"],
  derived: ["expose"],
  shape: keys("config created-time? id? kind? modified-time? name reason secrets expose url? status? tags type"),
  table: {
    style: { center: "-", rowLine: true, wrap: false },
    columns: [
      textColumn("Name", "name"),
      textColumn("Type", "type"),
      textColumn("Status", "status"),
      { title: "Secrets", cell: (resource) => list(resource, "secrets").join(",") },
      { title: "Config", cell: (resource) => objects(resource, "config").map(configLine).join("\n") },
      { title: "URL", cell: (resource, settings) => text(resource, "url").replace("0.0.0.0", settings.host) },
      { title: "Reason", cell: (resource) => list(resource, "reason").join(", ") },
    ],
  },
  summaryKey: "drivers",
  hasStatus: true,
  writing: writing({
    arguments: [needed("DRIVER_TYPE", "DriverType")],
    flags: {
      ...name,
      set: array("Configuration KEY=VALUE, or KEY; repeatable", { short: "s" }),
      ...secrets,
      ...application,
    },
    example: "eventdriver ticker --name every-5s --set seconds=5",
    draft: async ({ args: [type], flags }) => ({
      name: flags.name ?? (await import("./random-name.ts")).randomName(),
      type,
      config: flags.set.map(setting),
      secrets: flags.secret,
      tags: tagsOf(flags),
    }),
  }),
  made: async ({ client, io, format }, resource) => {
    if (format !== "table") return;
    const { token } = await client.call(driverTokenOperations.issueToken, {
      path: { driverName: text(resource, "name") },
    });
    io.stdout(`Token: ${token} (shown once; with it a program elsewhere pushes the driver's events)\n`);
  },
  facts: (resource) => [
    ["URL", [text(resource, "url")]],
    ["Type", [text(resource, "type")]],
    ["Secrets", [list(resource, "secrets").join(", ")]],
    ["Settings", settingLines(resource)],
  ],
};

function setting(pair: string): JsonObject {
  const at = pair.indexOf("=");
  return at < 0 ? { key: pair, value: "" } : { key: pair.slice(0, at), value: pair.slice(at + 1) };
}

function configLine(entry: JsonObject): string {
  const value = text(entry, "value");
  return value === "" ? text(entry, "key") : `${text(entry, "key")}=${value}`;
}

/** The settings of a driver or its type, one a line. */
export function settingLines(resource: JsonObject): string[] {
  return objects(resource, "config").map((entry) => `${text(entry, "key")}=${text(entry, "value")}`);
}
