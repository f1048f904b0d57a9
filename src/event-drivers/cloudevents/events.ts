/** What a webhook carries, as an event. Of a signed request only what is signed counts. */
import { createHash } from "node:crypto";
import { cloudEventOf, objectOf, typeOf } from "../shared/cloud-event.ts";
import type { Message } from "../shared/forward.ts";
import { type Received, Refused } from "../shared/receiver.ts";
import type { Scheme } from "./sender.ts";

/** @param source of events that name none. @throws Refused 400, 415 */
export function eventOf(request: Received, scheme: Scheme, source: string): Message {
  if (scheme === "github") return githubEvent(request, source);
  if (scheme !== "public" && request.headerOf("ce-specversion") !== undefined)
    throw new Refused(400, "attributes in ce- headers are not signed: send the event as application/cloudevents+json");
  const event = cloudEventOf(request);
  if (event !== undefined) return scheme === "public" ? withCallback(event, request) : event;
  if (scheme === "standard-webhooks") return standardEvent(request, source);
  throw new Refused(415, "this is no CloudEvent: send application/cloudevents+json, a batch, or ce- headers");
}

/** Its headers are not signed, so a delivery is known by its body: a second one of equal bytes is the same event. */
function githubEvent(request: Received, source: string): Message {
  const name = request.headerOf("x-github-event") ?? "";
  if (!/^[\w-]{1,100}$/.test(name)) throw new Refused(400, "the header X-GitHub-Event is missing");
  const data = objectOf(request);
  const { html_url: url } = Object(data.repository) as { readonly html_url?: unknown };
  return oldForm({
    eventType: `github.${name}`,
    source: typeof url === "string" && url !== "" ? url : source,
    eventID: createHash("sha256").update(request.body).digest("hex"),
    extensions: { githubdelivery: request.headerOf("x-github-delivery") ?? "" },
    data,
  });
}

/** `{type, timestamp, data}` as the scheme recommends; its id is signed. */
function standardEvent(request: Received, source: string): Message {
  const message = objectOf(request);
  const { type, timestamp, data } = message;
  if (typeof type !== "string" || !/^[\w.-]{1,128}$/.test(type))
    throw new Refused(400, 'the message has no type: {"type": "order.made", "timestamp": ..., "data": ...}');
  const time = typeof timestamp === "string" && !Number.isNaN(Date.parse(timestamp)) ? timestamp : undefined;
  const eventID = request.headerOf("webhook-id");
  return oldForm({ eventType: type, source, eventID, ...(time && { eventTime: time }), data: data ?? message });
}

/** The older driver's clients say where an answer goes (cli-and-runtimes.md 3.2). */
function withCallback(message: Message, request: Received): Message {
  const callback = request.headerOf("x-callback-url");
  const type = message.headers["Content-Type"];
  if (callback === undefined || callback === "" || type !== "application/cloudevents+json" || typeOf(request) === "")
    return message;
  const {
    type: eventType,
    id,
    source,
    time,
    datacontenttype,
    dataschema,
    specversion: _,
    data,
    ...others
  } = JSON.parse(String(message.body)) as Readonly<Record<string, unknown>>;
  const extensions = { ...others, "callback-url": callback };
  const attributes = {
    eventType,
    eventID: id,
    source,
    eventTime: time,
    contentType: datacontenttype,
    schemaURL: dataschema,
  };
  return oldForm({ ...attributes, extensions, data });
}

function oldForm(event: Readonly<Record<string, unknown>>): Message {
  return {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ cloudEventsVersion: "0.1", contentType: "application/json", ...event }),
  };
}
