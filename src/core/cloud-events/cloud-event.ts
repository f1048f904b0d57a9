/** An event between the wire and the functions: checked (server.md 6.1), written down, and shown to a function (decisions 20). */
import { DispatchError } from "../shared/errors.ts";
import { memberText } from "../shared/json-text.ts";
import type { CloudEventBody } from "./schema.ts";

/** The time that an event without one shows in answers: the original's zero time. */
const NO_TIME = "0001-01-01T00:00:00.000Z";

/** CloudEvents 0.1, in the order of the original. Members that are JSON texts hold them exactly as they were sent. */
export interface CloudEvent {
  readonly eventType: string;
  readonly eventTypeVersion: string | undefined;
  readonly cloudEventsVersion: string;
  readonly source: string;
  readonly eventID: string | undefined;
  readonly eventTime: string;
  readonly schemaURL: string | undefined;
  readonly contentType: string | undefined;
  /** JSON text. */
  readonly extensions: string | undefined;
  /** JSON text. */
  readonly data: string | undefined;
}

/** Reads an event whose body has passed the first stage. `text` is the body as sent. @throws MALFORMED_BODY */
export function readEvent(body: CloudEventBody, text: string): CloudEvent {
  return {
    eventType: body.eventType,
    eventTypeVersion: body.eventTypeVersion || undefined,
    cloudEventsVersion: body.cloudEventsVersion,
    source: body.source,
    eventID: body.eventID || undefined,
    eventTime: wireTime(body.eventTime, text),
    schemaURL: body.schemaURL || undefined,
    contentType: body.contentType || undefined,
    extensions: body.extensions === undefined ? undefined : memberText(text, "extensions"),
    data: memberText(text, "data"),
  };
}

/** RFC 3339 with milliseconds. */
function wireTime(time: string | undefined, text: string): string {
  if (time === "") return new Date(0).toISOString();
  if (time !== undefined) return new Date(time).toISOString();
  if (memberText(text, "eventTime") !== "null") return NO_TIME;
  throw new DispatchError("MALFORMED_BODY", { body: "body", cause: "eventTime is null: leave it out or give a time" });
}

/** The second stage, for events that are emitted. @throws INVALID_EVENT that names every field that fails */
export function refuseInvalid(event: CloudEvent): void {
  const { cloudEventsVersion, eventID, schemaURL, extensions } = event;
  const failures = [
    ...(cloudEventsVersion === "0.1" ? [] : [failure("CloudEventsVersion", "eq")]),
    ...(eventID === undefined ? [failure("EventID", "required")] : []),
    ...(schemaURL === undefined || isAbsolute(schemaURL) ? [] : [failure("SchemaURL", "uri")]),
    ...(extensions !== undefined && /^\{\s*\}$/.test(extensions) ? [failure("Extensions", "min")] : []),
  ];
  if (failures.length > 0) throw new DispatchError("INVALID_EVENT", { message: failures.join("\n") });
}

function failure(field: string, tag: string): string {
  return `Key: 'CloudEvent.${field}' Error:Field validation for '${field}' failed on the '${tag}' tag`;
}

function isAbsolute(url: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(url) && URL.canParse(url);
}

/** The JSON text of the event without its closing brace and its data. */
function openText(event: CloudEvent): string {
  const { extensions, data: _data, ...texts } = event;
  const attributes = JSON.stringify(texts).slice(0, -1);
  return extensions === undefined ? attributes : `${attributes},"extensions":${extensions}`;
}

/** The event as answers show it. */
export function eventText(event: CloudEvent): string {
  return `${openText(event)},"data":${event.data ?? "null"}}`;
}

/** The event as a run keeps it: its data is the run's input. */
export function envelopeOfEvent(event: CloudEvent): string {
  return `${openText(event)},"data":null}`;
}

/** An event whose `envelopeOfEvent` was kept. */
export function eventOfEnvelope(envelope: string, data: string | undefined): CloudEvent {
  const fields = JSON.parse(envelope) as CloudEvent;
  return { ...fields, extensions: fields.extensions && memberText(envelope, "extensions"), data };
}

/** The same as CloudEvents 1.0 in JSON format: what 1.0 has no name for is an extension, what it cannot name is left out. */
export function currentText(envelope: string, data: string | undefined): string {
  const kept = JSON.parse(envelope) as Readonly<Record<string, unknown>>;
  const { eventType, eventTypeVersion, eventID, eventTime, contentType, schemaURL, source, extensions = {} } = kept;
  const others = Object.entries(extensions as object).filter(([name]) => /^[a-z0-9]+$/.test(name));
  const attributes = {
    ...Object.fromEntries(others),
    ...{ specversion: "1.0", type: eventType, source, id: eventID, eventtypeversion: eventTypeVersion },
    ...{ time: eventTime === NO_TIME ? undefined : eventTime, datacontenttype: contentType, dataschema: schemaURL },
  };
  return `${JSON.stringify(attributes).slice(0, -1)}${data === undefined ? "" : `,"data":${data}`}}`;
}

/** What a function gets as `context.event`, from the text that its run keeps: without data, with the names of 1.0, too. */
export function contextEvent(kept: string): string {
  const event = JSON.parse(kept) as Record<string, unknown>;
  const { eventType, eventID, eventTime, contentType, schemaURL } = event;
  const current = {
    specversion: "1.0",
    type: eventType,
    id: eventID,
    time: eventTime === NO_TIME ? undefined : eventTime,
    datacontenttype: contentType,
    dataschema: schemaURL,
  };
  return JSON.stringify({ ...event, data: null, ...current, ...subjectOf(event.extensions) });
}

/** An attribute of 1.0 that 0.1 has no place for. */
function subjectOf(extensions: unknown): { readonly subject?: string } {
  const subject = (extensions as { readonly subject?: unknown } | undefined)?.subject;
  return typeof subject === "string" ? { subject } : {};
}
