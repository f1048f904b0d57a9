/** `get schedules [DRIVER_NAME]`: when clocks go off next, when they did last, and what they missed. */
import { scheduleOperations } from "../../../core/events/schedule-contract.ts";
import { optional } from "../frame/command.ts";
import { command } from "../frame/context.ts";
import { millisecondsText } from "../kinds/delivery.ts";
import { type KindTable, number, objects, text, textColumn } from "../kinds/kind.ts";
import { printResources } from "../output/print.ts";
import type { JsonObject } from "../output/shape.ts";

const table: KindTable = {
  style: { center: "-", rowLine: true, wrap: false },
  columns: [
    textColumn("Name", "name"),
    textColumn("Expression", "expression"),
    textColumn("Time zone", "timeZone"),
    textColumn("Status", "status"),
    { title: "Next", cell: (schedule) => nextOf(schedule).map(millisecondsText).join("\n") },
    { title: "Last", cell: (schedule) => objects(schedule, "last").map(firingLine).join("\n") },
    textColumn("Reason", "reason"),
  ],
};

function nextOf({ next }: JsonObject): readonly number[] {
  return Array.isArray(next) ? next.map(Number) : [];
}

function firingLine(firing: JsonObject): string {
  const time = millisecondsText(number(firing, "time"));
  if (text(firing, "status") !== "MISSED") return time;
  const count = number(firing, "count") ?? 0;
  return count === 1 ? `${time} MISSED` : `${time} MISSED ${count}, up to ${millisecondsText(number(firing, "until"))}`;
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
