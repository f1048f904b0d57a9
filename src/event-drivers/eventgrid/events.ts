/** What Azure Event Grid sends: its own schema or CloudEvents, and the question whether the address is ours. */
import { cloudEventOf, jsonOf, typeOf } from "../shared/cloud-event.ts";
import type { Message } from "../shared/forward.ts";
import { type Received, Refused, type Reply } from "../shared/receiver.ts";

type Json = Readonly<Record<string, unknown>>;

/** The reply to `aeg-event-type: SubscriptionValidation`; undefined for everything else. @throws Refused 400 */
export function validation(request: Received): Reply | undefined {
  if (request.headerOf("aeg-event-type") !== "SubscriptionValidation") return undefined;
  const events = jsonOf(request);
  const code = Array.isArray(events) && events.length === 1 ? Object(Object(events[0]).data).validationCode : undefined;
  if (typeof code !== "string" || code === "")
    throw new Refused(400, "a SubscriptionValidation is an array of one event with data.validationCode");
  return { status: 200, body: { validationResponse: code } };
}

/** @throws Refused 400, 415 */
export function messagesOf(request: Received): Message[] {
  if (typeOf(request) !== "application/json" || request.headerOf("ce-specversion") !== undefined) {
    const event = cloudEventOf(request);
    if (event !== undefined) return [event];
    throw new Refused(415, "send events of Event Grid as application/json, or as application/cloudevents+json");
  }
  const events = jsonOf(request);
  if (!Array.isArray(events)) throw new Refused(400, "the body is no array of events of Event Grid");
  // All are looked at before the first one goes on.
  return events.map(gridEvent);
}

function gridEvent(given: unknown, index: number): Message {
  const { id, eventType, subject, topic, eventTime, dataVersion, data } = Object(given) as Json;
  const missing = Object.entries({ id, eventType, subject }).filter(
    ([, value]) => typeof value !== "string" || value === "",
  );
  if (missing.length > 0)
    throw new Refused(400, `event ${index + 1} has no ${missing.map(([name]) => name).join(", ")}`);
  const source = typeof topic === "string" && topic !== "" ? topic : "eventgrid";
  const version = typeof dataVersion === "string" && dataVersion !== "" ? { eventTypeVersion: dataVersion } : {};
  const time = typeof eventTime === "string" ? { eventTime } : {};
  const fixed = { cloudEventsVersion: "0.1", contentType: "application/json", extensions: { subject } };
  const body = JSON.stringify({ ...fixed, eventType, eventID: id, source, ...version, ...time, data: data ?? null });
  return { headers: { "Content-Type": "application/json" }, body };
}
