/** What a function learns of the HTTP request (decision 13, server.md 5.5). */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Authentication, Endpoint } from "../../core/apis/endpoint.ts";
import { REPETITIONS, repetitionsOf } from "../../core/runs/http-context.ts";
import { joinObjects } from "../../core/shared/json-text.ts";
import type { RequestFacts } from "./request-facts.ts";

export interface HttpContextTexts {
  /** JSON text for the function. */
  readonly forFunction: string;
  /** JSON text for the record: no credentials, each fact once. */
  readonly forRecord: string;
  /** The credential that is in the one and not in the other. */
  readonly credential: string | undefined;
}

/** Credentials are the gateway's business; under `public` there is nobody else to judge `authorization`. */
const consumed: Readonly<Record<Authentication, ReadonlySet<string>>> = {
  public: new Set(["proxy-authorization"]),
  basic: new Set(["authorization", "proxy-authorization"]),
  token: new Set(["authorization", "proxy-authorization"]),
  slack: new Set(["authorization", "proxy-authorization", "x-slack-signature", "x-slack-request-timestamp"]),
  github: new Set(["authorization", "proxy-authorization", "x-hub-signature", "x-hub-signature-256"]),
  "standard-webhooks": new Set(["authorization", "proxy-authorization", "webhook-signature"]),
  hmac: new Set(["authorization", "proxy-authorization"]),
};

function consumedBy({ authentication, signature }: Consumer): ReadonlySet<string> {
  const usual = consumed[authentication];
  return authentication === "hmac" && signature !== undefined ? new Set([...usual, signature.header]) : usual;
}

type Consumer = Pick<Endpoint, "authentication" | "signature">;

export function httpContext(
  facts: RequestFacts,
  headers: IncomingHttpHeaders,
  httpVersion: string,
  endpoint: Consumer & Pick<Endpoint, "functionName" | "rawBody">,
  sent: Buffer,
): HttpContextTexts {
  const context = passedHeaders(headers, consumedBy(endpoint), facts.viaTrustedProxy);
  const wantsBody = endpoint.rawBody || (sent.length > 0 && isSigned(context));
  // After the headers, so that no header can pretend to be one of these.
  addRequestLine(context, facts, `HTTP/${httpVersion}`, endpoint.functionName);
  const text = JSON.stringify(context);
  const { authorization: credential } = context;
  const forRecord = credential === undefined ? text : JSON.stringify({ ...context, authorization: "***" });
  const more = repetitionsOf(context);
  if (wantsBody) addRawBody(more, sent);
  return { forFunction: joinObjects(text, JSON.stringify(more)), forRecord, credential };
}

/** Whoever signs a request (GitHub, Stripe, Discord, Teams ...) signs its bytes: only with them a signature can be checked. */
function isSigned(context: Readonly<Record<string, string>>): boolean {
  if (context.authorization?.startsWith("HMAC ")) return true;
  for (const name in context) if (name.includes("signature") || name.includes("hmac")) return true;
  return false;
}

/** The record has the input already. */
function addRawBody(context: Record<string, string>, sent: Buffer): void {
  const isText = isUtf8(sent);
  context.rawBody = sent.toString(isText ? "utf8" : "base64");
  context.rawBodyEncoding = isText ? "utf8" : "base64";
}

function passedHeaders(
  headers: IncomingHttpHeaders,
  dropped: ReadonlySet<string>,
  viaTrustedProxy: boolean,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name in headers) {
    if (dropped.has(name) || REPETITIONS.has(name) || (!viaTrustedProxy && isForwarding(name))) continue;
    const value = headers[name];
    if (value !== undefined) passed[name] = typeof value === "string" ? value : value.join(", ");
  }
  return passed;
}

/** Headers that tell of the way here: only a trusted proxy's count. */
function isForwarding(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "forwarded";
}

function addRequestLine(
  context: Record<string, string>,
  { method, target, scheme, clientAddress }: RequestFacts,
  protocol: string,
  functionName: string,
): void {
  context.method = method;
  context.request = target;
  context.scheme = scheme;
  context.server_protocol = protocol;
  context.upstream_uri = functionName;
  context.remote_addr = clientAddress;
}
