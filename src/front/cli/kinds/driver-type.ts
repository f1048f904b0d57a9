import { driverTypeOperations, driverTypeSchema } from "../../../core/events/contract.ts";
import { on } from "../../../frame/flags.ts";
import { settingLines } from "./driver.ts";
import { defineKind, isTrue } from "./kind.ts";

/** What a driver can be made of (server.md 2.12). */
export const driverType = defineKind({
  kind: "DriverType",
  word: "eventdrivertype",
  aliases: [
    ...["eventdrivertypes", "event-driver-type", "event-driver-types", "eventdriver-types", "eventdriver-type"],
    ...["drivertype", "drivertypes", "driver-type", "driver-types"],
  ],
  title: "event driver type",
  messages: { deleted: "Deleted driver types" },
  operations: driverTypeOperations,
  schema: driverTypeSchema,
  shape: "config created-time? id? image expose kind? modified-time? name tags",
  style: { ruled: true },
  columns: { Name: "name", Image: "image", Expose: isTrue("expose") },
  summaryKey: "driverTypes",
  arguments: { name: ["NAME", "DriverType"], image: ["DOCKER_IMAGE"] },
  flags: { expose: on("Give its drivers an address") },
  examples: ["eventdrivertype ticker dispatchframework/ticker:0.0.2"],
  draft: ({ flags: { expose } }) => ({ expose, config: [] }),
  facts: { Image: "image", Settings: settingLines },
  users: { Driver: "type" },
});
