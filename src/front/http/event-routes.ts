/** Events over REST: their data passes through as text. */
import type { driverLogOperations, driverTokenOperations, subscriptionCommands } from "../../core/events/contract.ts";
import type { Drivers } from "../../core/events/drivers.ts";
import type { Emission, emissionOperations } from "../../core/events/emission-contract.ts";
import type { Events, Ingest } from "../../core/events/events.ts";
import type { Subscriptions } from "../../core/events/subscriptions.ts";
import type { Call, Route } from "./route.ts";

export function eventRoutes(operations: typeof emissionOperations, events: Events, drivers: Drivers): Route[] {
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
        body: await events.ingest(principal, query as unknown as Ingest, body as Emission, text),
      }),
      failed: ({ authToken }, { status, message }) => {
        if (typeof authToken === "string" && isForGood(status)) drivers.refused(authToken, message);
      },
    },
  ];
}

/** Whether to push the same event again leads nowhere. A wrong token says nothing of a driver. */
function isForGood(status: number): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 429;
}

export function subscriptionRoutes(operations: typeof subscriptionCommands, subscriptions: Subscriptions): Route[] {
  const pause =
    (paused: boolean) =>
    async ({ principal, organization, path }: Call) => ({
      body: await subscriptions.pause(principal, organization, path.subscriptionName ?? "", paused),
    });
  return [
    { operation: operations.pauseSubscription, handle: pause(true) },
    { operation: operations.resumeSubscription, handle: pause(false) },
  ];
}

export function driverTokenRoutes(operations: typeof driverTokenOperations, drivers: Drivers): Route[] {
  return [
    {
      operation: operations.issueToken,
      handle: async ({ principal, organization, path }) => ({
        body: { token: await drivers.issueToken(principal, organization, path.driverName ?? "") },
      }),
    },
  ];
}

export function driverLogRoutes(operations: typeof driverLogOperations, drivers: Drivers): Route[] {
  return [
    {
      operation: operations.getLog,
      handle: async ({ principal, organization, path, query }) => ({
        body: drivers.log(principal, organization, path.driverName ?? "", Number(query.since ?? 0)),
      }),
    },
  ];
}
