import { driverTypeOperations, driverTypeSchema } from "../../../core/events/contract.ts";
import { needed } from "../frame/command.ts";
import { on } from "../frame/flags.ts";
import { settingLines } from "./driver.ts";
import { application, type Kind, keys, tagsOf, text, textColumn, usualMessages, writing } from "./kind.ts";

/** What a driver can be made of (server.md 2.12). */
export const driverType: Kind = {
  kind: "DriverType",
  word: "eventdrivertype",
  aliases: ["eventdrivertypes", "event-driver-type", "event-driver-types", "eventdriver-types", "eventdriver-type"],
  title: "event driver type",
  messages: { ...usualMessages("event driver type"), deleted: "Deleted driver types" },
  operations: driverTypeOperations,
  schema: driverTypeSchema,
  required: ["image"],
  shape: keys("config created-time? id? image expose kind? modified-time? name tags"),
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
  writing: writing({
    arguments: [needed("NAME", "DriverType"), needed("DOCKER_IMAGE")],
    flags: { expose: on("Give its drivers an address"), ...application },
    example: "eventdrivertype ticker dispatchframework/ticker:0.0.2",
    draft: ({ args: [name, image], flags }) => ({ name, image, expose: flags.expose, config: [], tags: tagsOf(flags) }),
  }),
  facts: (resource) => [
    ["Image", [text(resource, "image")]],
    ["Settings", settingLines(resource)],
  ],
  users: { Driver: (driver) => [text(driver, "type")] },
};
