/** Deliveries of events: not a kind of batch files, but printed like one. */
import { type JsonObject, text } from "../output/json.ts";
import { millisecondsText } from "../output/time.ts";
import { tableOf } from "./kind.ts";

export const deliveryTable = tableOf({
  Promised: promised,
  Subscription: "subscription",
  "Event type": "eventType",
  "Event ID": "eventID",
  Status: "status",
  Attempts: "attempts",
  Run: "run",
  Error: (delivery) => text(delivery, "error").split("\n")[0] ?? "",
});

/** A delivery on one line, as `describe` shows the last ones of a subscription. */
export function deliveryLine(delivery: JsonObject): string {
  const words = ["status", "eventType", "eventID"].map((key) => text(delivery, key));
  const run = text(delivery, "run") && `run ${text(delivery, "run")}`;
  return [promised(delivery), ...words, run, text(delivery, "error")].filter(Boolean).join("  ");
}

function promised({ promisedTime }: JsonObject): string {
  return millisecondsText(promisedTime);
}
