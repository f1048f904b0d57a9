/** The logs of events and deliveries over REST, and what is asked of a subscription besides. */
import type { eventLogOperations } from "../../core/events/delivery-contract.ts";
import type { EventLog } from "../../core/events/event-log-service.ts";
import type { Replays } from "../../core/events/replay.ts";
import { listAnswer, paged } from "./paging.ts";
import { eventStream, type Route } from "./route.ts";

/** Subscriptions in one answer: each is four questions to the database. */
const COUNTED = 100;

interface Logs {
  readonly eventLog: EventLog;
  readonly replays: Replays;
}

export function eventLogRoutes(operations: typeof eventLogOperations, { eventLog, replays }: Logs): Route[] {
  return [
    {
      operation: operations.listEvents,
      handle: async ({ principal, organization, query }) => {
        const { events, next } = await eventLog.events(principal, organization, query);
        return listAnswer(`[${events.join(",")}]`, next);
      },
    },
    {
      operation: operations.followEvents,
      handle: async ({ principal, organization, query }) =>
        eventStream(await eventLog.follow(principal, organization, query.after as number | undefined)),
    },
    {
      operation: operations.listDeliveries,
      handle: async ({ principal, organization, query }) => {
        const { deliveries, next } = await eventLog.deliveries(principal, organization, query);
        return listAnswer(deliveries, next);
      },
    },
    {
      operation: operations.countSubscriptions,
      handle: ({ principal, organization, query }) => paged(eventLog.counts(principal, organization), query, COUNTED),
    },
    {
      operation: operations.explainSubscription,
      handle: async ({ principal, organization, path }) => ({
        body: await eventLog.explain(principal, organization, path.subscriptionName ?? ""),
      }),
    },
    {
      operation: operations.replaySubscription,
      handle: async ({ principal, organization, path, body }) => {
        const { from, to } = body as { from: string; to?: string };
        return {
          body: { events: await replays.start(principal, organization, path.subscriptionName ?? "", from, to) },
        };
      },
    },
  ];
}
