import { scheduleOperations } from "../../../core/events/schedule-contract.ts";
import { optional } from "../../../frame/command.ts";
import { command } from "../context/context.ts";
import { type Columns, tableOf } from "../kinds/kind.ts";
import { type JsonObject, objectsOf } from "../output/json.ts";
import { printResources } from "../output/print.ts";
import { millisecondsText } from "../output/time.ts";

const columns: Columns = {
  Name: "name",
  Expression: "expression",
  "Time zone": "timeZone",
  Status: "status",
  Next: ({ next }) => (Array.isArray(next) ? next.map(millisecondsText).join("\n") : ""),
  Last: (schedule) => objectsOf(schedule.last).map(firingLine).join("\n"),
  Reason: "reason",
};
const table = tableOf(columns, { ruled: true, wrap: false });

function firingLine({ time, status, count, until }: JsonObject): string {
  if (status !== "MISSED") return millisecondsText(time);
  const missed = `${millisecondsText(time)} MISSED`;
  return count === 1 ? missed : `${missed} ${String(count ?? 0)}, up to ${millisecondsText(until)}`;
}

export const getSchedules = command({
  name: "schedule",
  aliases: ["schedules"],
  summary: "Get when clocks go off: the next five times, the last five, and those that were missed",
  arguments: [optional("DRIVER_NAME", "Driver")],
  examples: ["dispatch get schedules", "dispatch get schedule nightly --json"],
  run: async (context) => {
    const [scheduleName = ""] = context.args;
    const answer =
      scheduleName === ""
        ? await context.client.all(scheduleOperations.listSchedules)
        : await context.client.call(scheduleOperations.getSchedule, { path: { scheduleName } });
    await printResources(context, { table }, answer);
  },
});
