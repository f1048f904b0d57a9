/** A message of NATS as an event. Pure. */
import { type Content, contentOf, typeOfName } from "../shared/content.ts";
import type { DriverEvent } from "../shared/gateway.ts";

export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: (name: string) => string;
  /** Names the message among all of its server; undefined where the server keeps none. */
  readonly id?: string;
  /** When it was sent; RFC 3339. */
  readonly time?: string;
}

export interface Naming {
  /** "" for that of the subject. */
  readonly type: string;
  readonly source: string;
}

/** Headers of a CloudEvent (binary mode of its NATS binding) name it, where there are any. */
export function toNatsEvent({ subject, data, header, id, time }: NatsMessage, { type, source }: Naming): DriverEvent {
  const eventID = header("ce-id") || id;
  const eventTime = header("ce-time") || time;
  return {
    eventType: type || typeOfName(header("ce-type") || subject),
    source: header("ce-source") || source,
    ...(eventID === undefined ? {} : { eventID }),
    ...(eventTime === undefined ? {} : { eventTime }),
    extensions: { subject: header("ce-subject") || subject },
    ...contentWithType(data, header("content-type")),
  };
}

function contentWithType(bytes: Uint8Array, declared: string): Content {
  const content = contentOf(bytes);
  const isText = /^text\//i.test(declared) && content.contentType !== "application/octet-stream";
  return isText ? { contentType: declared, data: new TextDecoder().decode(bytes) } : content;
}
