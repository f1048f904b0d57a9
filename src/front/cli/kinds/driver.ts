import { driverOperations, driverSchema, driverTokenOperations } from "../../../core/events/contract.ts";
import { array } from "../../../frame/flags.ts";
import { type JsonObject, objectsOf, text } from "../output/json.ts";
import { secrets } from "./function.ts";
import { defineKind, joined, nameFlag, nameOf } from "./kind.ts";

/** Programs that push events (server.md 2.12). */
export const driver = defineKind({
  kind: "Driver",
  word: "eventdriver",
  aliases: ["eventdrivers", "event-driver", "event-drivers", "driver", "drivers"],
  title: "event driver",
  messages: { deleted: "Deleted drivers" },
  operations: driverOperations,
  schema: driverSchema,
  derived: ["expose"],
  shape: "config created-time? id? kind? modified-time? name reason secrets expose url? status? tags type",
  style: { ruled: true, wrap: false },
  columns: {
    Name: "name",
    Type: "type",
    Status: "status",
    Secrets: joined("secrets", ","),
    // A key without a value stands alone.
    Config: (resource) =>
      settingLines(resource)
        .map((line) => line.replace(/^([^=]*)=$/, "$1"))
        .join("\n"),
    URL: (resource, settings) => text(resource, "url").replace("0.0.0.0", settings.host),
    Reason: joined("reason", ", "),
  },
  summaryKey: "drivers",
  hasStatus: true,
  arguments: { type: ["DRIVER_TYPE", "DriverType"] },
  flags: {
    ...nameFlag,
    set: array("Configuration KEY=VALUE, or KEY; repeatable", { short: "s" }),
    ...secrets,
  },
  examples: ["eventdriver ticker --name every-5s --set seconds=5"],
  draft: async ({ flags }) => ({ name: await nameOf(flags), config: flags.set.map(setting) }),
  made: async ({ client, io, format }, resource) => {
    if (format !== "table") return;
    const path = { driverName: text(resource, "name") };
    const { token } = await client.call(driverTokenOperations.issueToken, { path });
    io.stdout(`Token: ${token} (shown once; with it a program elsewhere pushes the driver's events)\n`);
  },
  facts: { URL: "url", Type: "type", Secrets: "secrets", Settings: settingLines },
});

function setting(pair: string): JsonObject {
  const [key, ...value] = pair.split("=");
  return { key, value: value.join("=") };
}

/** The settings of a driver or its type, one a line. */
export function settingLines(resource: JsonObject): string[] {
  return objectsOf(resource.config).map((entry) => `${text(entry, "key")}=${text(entry, "value")}`);
}
