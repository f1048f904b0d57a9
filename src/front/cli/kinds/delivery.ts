/** Deliveries of events: not a kind of batch files, but printed like one. */
import type { JsonObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { type KindTable, number, plainStyle, text, textColumn } from "./kind.ts";

export const deliveryTable: KindTable = {
  style: plainStyle,
  columns: [
    { title: "Promised", cell: (delivery) => millisecondsText(number(delivery, "promisedTime")) },
    textColumn("Subscription", "subscription"),
    textColumn("Event type", "eventType"),
    textColumn("Event ID", "eventID"),
    textColumn("Status", "status"),
    textColumn("Attempts", "attempts"),
    textColumn("Run", "run"),
    { title: "Error", cell: (delivery) => text(delivery, "error").split("\n")[0] ?? "" },
  ],
};

/** A delivery on one line, as `describe` shows the last ones of a subscription. */
export function deliveryLine(delivery: JsonObject): string {
  const words = [
    millisecondsText(number(delivery, "promisedTime")),
    text(delivery, "status"),
    text(delivery, "eventType"),
  ];
  const run = text(delivery, "run");
  return [...words, text(delivery, "eventID"), ...(run === "" ? [] : [`run ${run}`]), text(delivery, "error")]
    .filter(Boolean)
    .join("  ");
}

/** RFC 3339. */
export function millisecondsText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : rfc3339(BigInt(milliseconds) * 1_000_000n);
}
