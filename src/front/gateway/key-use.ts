/** Which run a request asks for when it comes again (decision 18c). */
import type { IncomingHttpHeaders } from "node:http";
import type { Endpoint } from "../../core/apis/endpoint.ts";
import { isWebhook } from "../../core/apis/signature.ts";
import { digestOf, type KeyUse, keyOfHeader } from "../../core/runs/idempotency.ts";
import type { JsonText } from "./first-json-value.ts";
import type { RequestFacts } from "./request-facts.ts";
import { slackIdempotencyKey } from "./slack-requests.ts";

interface Received {
  readonly endpoint: Endpoint;
  readonly facts: RequestFacts;
  readonly headers: IncomingHttpHeaders;
  readonly input: JsonText;
  readonly sent: Buffer;
  /** The caller that was proved; callers without a credential are told apart by their address. */
  readonly caller: string | undefined;
}

/** Slack's own requests name themselves, for no signature covers their headers. @throws TOO_LONG */
export function keyUseOf(received: Received): KeyUse | undefined {
  const { endpoint, headers, input, facts, caller = `address ${facts.clientAddress}` } = received;
  if (endpoint.authentication === "slack") {
    const key = slackIdempotencyKey(input.value);
    return key === undefined ? undefined : { key, scope: `endpoint ${endpoint.name}`, digest: undefined };
  }
  // Senders send again under the same name, which is signed; no other header of a webhook is.
  if (endpoint.authentication === "standard-webhooks") {
    const key = keyOfHeader(headers["webhook-id"]);
    return key === undefined
      ? undefined
      : { key: `webhook:${key}`, scope: `endpoint ${endpoint.name}`, digest: undefined };
  }
  if (isWebhook(endpoint.authentication)) return undefined;
  const key = keyOfHeader(headers["idempotency-key"]);
  if (key === undefined) return undefined;
  return { key, scope: `endpoint ${endpoint.name}\n${caller}`, digest: digest(received) };
}

/** A credential may be a new one each time and does not count; what a public endpoint hands to its function is part of the input. */
function digest({ endpoint, facts, headers, sent }: Received): string {
  const authorization = endpoint.authentication === "public" ? (headers.authorization ?? "") : "";
  return digestOf([facts.method, facts.query, sent, authorization, headers.cookie ?? ""]);
}
