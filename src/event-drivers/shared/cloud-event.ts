/** What senders of CloudEvents put into a request, as a message that Dispatch takes: 0.1 and 1.0 as they are, 0.2 and 0.3 as 1.0. */
import type { Message } from "./forward.ts";
import { type Received, Refused } from "./receiver.ts";

const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
/** Versions whose attributes have other names. */
const OLD: readonly unknown[] = ["0.2", "0.3"];

type Json = Readonly<Record<string, unknown>>;

/** Undefined when it is no CloudEvent. @throws Refused 400 */
export function cloudEventOf(request: Received): Message | undefined {
  if (request.headerOf("ce-specversion") !== undefined) return binary(request);
  const type = typeOf(request);
  if (type === BATCH) return batch(request);
  if (type !== STRUCTURED && type !== "application/json") return undefined;
  const event = objectOf(request);
  if (event.cloudEventsVersion !== undefined)
    return { headers: { "Content-Type": "application/json" }, body: request.body };
  if (event.specversion === undefined) return undefined;
  const body = OLD.includes(event.specversion) ? JSON.stringify(current(event)) : request.body;
  return { headers: { "Content-Type": STRUCTURED }, body };
}

/** Small letters, without parameters. */
export function typeOf({ headerOf }: Received): string {
  return headerOf("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** @throws Refused 400 when the body is no JSON object */
export function objectOf(request: Received): Json {
  const value = jsonOf(request);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new Refused(400, "the body is no JSON object");
}

/** @throws Refused 400 */
export function jsonOf({ body }: Received): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new Refused(400, `the body is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function batch(request: Received): Message {
  const events = jsonOf(request);
  const isOld = (event: unknown): boolean => OLD.includes((Object(event) as Json).specversion);
  const body =
    Array.isArray(events) && events.some(isOld)
      ? JSON.stringify(events.map((event) => (isOld(event) ? current(event as Json) : event)))
      : request.body;
  return { headers: { "Content-Type": BATCH }, body };
}

function current({ contenttype, schemaurl, datacontentencoding, data, ...event }: Json): Json {
  const content = datacontentencoding === "base64" ? { data_base64: data } : { data };
  const type = contenttype ?? event.datacontenttype;
  return { ...event, specversion: "1.0", datacontenttype: type, dataschema: schemaurl ?? event.dataschema, ...content };
}

function binary({ headers, body, headerOf }: Received): Message {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith("ce-") && typeof value === "string" ? [[name, value] as const] : [],
  );
  const { "ce-schemaurl": schema, "ce-datacontentencoding": _, ...named } = Object.fromEntries(attributes);
  const version = named["ce-specversion"];
  return {
    headers: {
      ...named,
      ...(OLD.includes(version)
        ? { "ce-specversion": "1.0", ...(schema === undefined ? {} : { "ce-dataschema": schema }) }
        : {}),
      "Content-Type": headerOf("content-type") ?? "application/json",
    },
    body,
  };
}
