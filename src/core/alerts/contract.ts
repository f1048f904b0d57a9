/** Alerts on the wire: a rule that says what is worth a message, and the function that sends it. */
import type { Static } from "typebox";
import { resourceOperations } from "../shared/resource-operations.ts";
import { described, resourceName, status, strings, tags, uuid } from "../shared/schemas.ts";

export const occasions = ["run-failed", "driver-down", "dead-letters", "schedule-missed"] as const;

const reference = { type: "string", maxLength: 128, pattern: "^[\\w\\d\\-]+$" } as const;

export const alertSchema = {
  type: "object",
  required: ["function", "name", "when"],
  properties: {
    ...described,
    createdTime: { type: "integer" },
    /** `HH:MM` in UTC: a message a day with what there was in the last 24 hours, also when that is nothing. */
    digest: { type: "string", pattern: "^(([01]\\d|2[0-3]):[0-5]\\d)?$" },
    /** It is run with `{"message"}` as its input. */
    function: reference,
    id: uuid,
    kind: reference,
    modifiedTime: { type: "integer" },
    name: resourceName,
    /** The function whose runs, or the event driver, that is watched; all of them without. */
    of: reference,
    /** Why the last message could not be sent. */
    reason: strings,
    status,
    tags,
    when: { type: "string", enum: occasions },
  },
} as const;

export type Alert = Static<typeof alertSchema>;

export const alertOperations = resourceOperations({
  resource: "alert",
  path: "/v1/alert",
  parameter: "alert",
  word: "alert",
  schema: alertSchema,
  summaries: {
    create: "Create an alert: a function that is told when runs fail, a driver is down, or dead letters grow",
  },
});
