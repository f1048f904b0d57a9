import { scheduleOperations } from "../../core/events/schedule-contract.ts";
import type { Schedules } from "../../core/events/schedules.ts";
import { paged } from "./paging.ts";
import type { Route } from "./route.ts";

/** `maxList`: entries of a list. */
export function scheduleRoutes(schedules: Schedules, maxList: number): Route[] {
  return [
    {
      operation: scheduleOperations.listSchedules,
      handle: async ({ principal, organization, query }) =>
        paged(schedules.list(principal, organization), query, maxList),
    },
    {
      operation: scheduleOperations.getSchedule,
      handle: async ({ principal, organization, path }) => ({
        body: await schedules.get(principal, organization, path.scheduleName ?? ""),
      }),
    },
  ];
}
