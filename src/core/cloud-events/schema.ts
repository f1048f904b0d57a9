/** An event as JSON: CloudEvents 0.1 (server.md 6.1), as it is emitted, and inside a run. */
import type { Static } from "typebox";
import { anyJson, anyObject } from "../shared/schemas.ts";

const text = { type: "string" } as const;
const filledText = { type: "string", minLength: 1 } as const;

const cloudEventProperties = {
  /** Only 0.1 is accepted. */
  cloudEventsVersion: filledText,
  contentType: text,
  /** Any JSON value; it becomes the function's input, exactly as it was sent. */
  data: anyJson,
  eventID: text,
  /** RFC 3339; the empty text is 1970. */
  eventTime: { type: "string", format: "event-time" },
  eventType: { type: "string", maxLength: 128, pattern: "^[\\w\\d\\-\\.]+$" },
  eventTypeVersion: text,
  extensions: anyObject,
  schemaURL: text,
  source: filledText,
} as const;

const required = ["cloudEventsVersion", "eventType", "source"] as const;

/** The first stage of validation: all that an event inside a run must pass. */
export const cloudEventSchema = { type: "object", required, properties: cloudEventProperties } as const;

export type CloudEventBody = Static<typeof cloudEventSchema>;
