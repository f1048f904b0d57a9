/** CloudEvents as they are sent over HTTP: the opposite of current.ts. Data and bodies are JSON texts. Pure. */

/** By the names of 1.0; those without a value are left out. */
export type EventAttributes = Readonly<Record<string, string | undefined>>;

export interface EventRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** An event of 0.1. */
export function originalRequest(attributes: EventAttributes, version: string | undefined, data?: string): EventRequest {
  const { type, source, id, time, dataschema, datacontenttype } = attributes;
  const event = {
    ...{ eventType: type, eventTypeVersion: version, cloudEventsVersion: "0.1", source, eventID: id, eventTime: time },
    ...{ schemaURL: dataschema, contentType: datacontenttype },
  };
  return jsonRequest("application/json", withMember(event, "data", data));
}

/** An event of 1.0 in one JSON object. `member`: where its data stands. */
export function structuredRequest(
  attributes: EventAttributes,
  member: "data" | "data_base64",
  data?: string,
): EventRequest {
  return jsonRequest("application/cloudevents+json", withMember(attributes, member, data));
}

/** An event of 1.0 whose body is its data, and whose headers are its attributes. */
export function binaryRequest({ datacontenttype, ...attributes }: EventAttributes, data = ""): EventRequest {
  const headers = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[`ce-${name}`, headerText(value)] as const],
  );
  const type = datacontenttype === undefined ? {} : { "Content-Type": datacontenttype };
  return { headers: { ...type, ...Object.fromEntries(headers) }, text: data };
}

/** Several events of 1.0, a JSON array. */
export function batchRequest(events: string): EventRequest {
  return jsonRequest("application/cloudevents-batch+json", events);
}

function jsonRequest(type: string, text: string): EventRequest {
  return { headers: { "Content-Type": type }, text };
}

function withMember(fields: object, member: string, value: string | undefined): string {
  const text = JSON.stringify(fields);
  return value === undefined ? text : `${text.slice(0, -1)},"${member}":${value}}`;
}

/** What a header cannot carry, and `"` and `%`, as bytes in percent; nothing else (HTTP Protocol Binding 1.0.2, 3.1.3.2). */
function headerText(value: string): string {
  return value.toWellFormed().replace(/[^!#$&-~]+/g, encodeURIComponent);
}
