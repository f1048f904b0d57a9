/** Events on the wire: CloudEvents 0.1 (server.md 2.12 and 6.1). */
import type { Static } from "typebox";
import type { Operations } from "../shared/contract.ts";
import { anyJson, anyObject, tags, uuid } from "../shared/schemas.ts";

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

export const emissionSchema = {
  type: "object",
  required,
  properties: { ...cloudEventProperties, "emitted-time": { type: "integer" }, id: uuid, tags },
} as const;

export type CloudEventBody = Static<typeof cloudEventSchema>;
export type Emission = Static<typeof emissionSchema>;

const permission = { resource: "event", action: "emit" } as const;

export const emissionOperations = {
  emitEvent: {
    method: "POST",
    path: "/v1/event",
    permission,
    success: 200,
    summary: "Emit an event: it is on record for every matching subscription before the answer",
    body: emissionSchema,
    response: emissionSchema,
  },
  ingestEvent: {
    method: "POST",
    path: "/v1/event/ingest",
    permission,
    success: 200,
    summary: "Push an event as an event driver, which its token names",
    anonymous: true,
    organization: "optional",
    query: { type: "object", required: ["authToken"], properties: { authToken: text } },
    body: emissionSchema,
    response: emissionSchema,
  },
} as const satisfies Operations;
