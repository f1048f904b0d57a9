/** A message of a queue as an event (cli-and-runtimes.md 3.2). Pure. */
import { contentOfText, typeOfName } from "../shared/content.ts";
import type { DriverEvent } from "../shared/gateway.ts";

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
}

/** Of a message that does not come from EventBridge. */
const PLAIN = "aws.sqs";

/** Both have an id that stays when the queue sends them again. */
export function toAwsEvent({ id, body }: QueueMessage, source: string): DriverEvent {
  const content = contentOfText(body);
  const event = bridged(content.data);
  if (event === undefined) return { eventType: PLAIN, source, eventID: id, ...content };
  const { time } = event;
  return {
    eventType: typeOfName(event.source),
    source,
    eventID: event.id,
    ...(typeof time === "string" && !Number.isNaN(Date.parse(time)) ? { eventTime: time } : {}),
    contentType: "application/json",
    data: event,
  };
}

interface Bridged {
  readonly id: string;
  readonly source: string;
  readonly time?: unknown;
}

function bridged(data: unknown): Bridged | undefined {
  if (typeof data !== "object" || data === null || !("detail-type" in data)) return undefined;
  const { id, source } = data as Partial<Bridged>;
  return typeof id === "string" && id !== "" && typeof source === "string" ? { ...data, id, source } : undefined;
}
