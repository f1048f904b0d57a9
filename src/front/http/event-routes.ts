/** Events over REST: their data passes through as text. */
import type { Emission, emissionOperations } from "../../core/events/emission-contract.ts";
import type { Events } from "../../core/events/events.ts";
import type { Route } from "./route.ts";

export function eventRoutes(operations: typeof emissionOperations, events: Events): Route[] {
  return [
    {
      operation: operations.emitEvent,
      handle: async ({ principal, organization, body, text }) => ({
        body: await events.emit(principal, organization, body as Emission, text),
      }),
    },
    {
      operation: operations.ingestEvent,
      handle: async ({ principal, query, body, text }) => ({
        body: await events.ingest(principal, String(query.authToken), body as Emission, text),
      }),
    },
  ];
}
