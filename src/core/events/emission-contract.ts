/** Events on the wire: CloudEvents 0.1 (server.md 2.12 and 6.1). */
import type { Static } from "typebox";
import { cloudEventSchema } from "../cloud-events/schema.ts";
import type { Operations } from "../shared/contract.ts";
import { tags, uuid } from "../shared/schemas.ts";

export const emissionSchema = {
  type: "object",
  required: cloudEventSchema.required,
  properties: { ...cloudEventSchema.properties, "emitted-time": { type: "integer" }, id: uuid, tags },
} as const;

export type Emission = Static<typeof emissionSchema>;

const permission = { resource: "event", action: "emit" } as const;

export const emissionOperations = {
  emitEvent: {
    method: "POST",
    path: "/v1/event",
    permission,
    success: 200,
    summary: "Emit an event: it is on record for every matching subscription before the answer",
    cloudEvents: true,
    ownValue: true,
    body: emissionSchema,
    response: emissionSchema,
  },
  ingestEvent: {
    method: "POST",
    path: "/v1/event/ingest",
    permission,
    success: 200,
    summary: "Push an event as an event driver, which its token names",
    cloudEvents: true,
    anonymous: true,
    organization: "optional",
    query: {
      type: "object",
      required: ["authToken"],
      properties: {
        authToken: { type: "string" },
        /** How far the driver has got; its next start finds it as DISPATCH_BOOKMARK. */
        bookmark: { type: "string", maxLength: 1024 },
      },
    },
    ownValue: true,
    body: emissionSchema,
    response: emissionSchema,
  },
} as const satisfies Operations;
