/**
 * The API gateway: a request comes in, an endpoint is found, its caller is checked, its function runs, the result goes
 * back (server.md 5, decisions 10 to 14). Bare node:http, because this is the path that every chat command takes.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Authentication, Endpoint } from "../../core/apis/endpoint.ts";
import { isWebhook } from "../../core/apis/signature.ts";
import { GuessBrake } from "../guess-brake.ts";
import { isHungUp } from "../heard-response.ts";
import { type Answer, emptyAnswer, Refusal, send, withHeaders } from "./answer.ts";
import { authenticateHeaders, authenticateSlack, authenticateWebhook } from "./authentication/authenticate.ts";
import { ClientGone, readBody } from "./body.ts";
import { contentOf } from "./content-encoding.ts";
import { corsHeaders } from "./cors.ts";
import { DriverCalls } from "./driver-call.ts";
import { failureAnswer } from "./failure.ts";
import type { JsonText } from "./first-json-value.ts";
import { httpContext } from "./http-context.ts";
import { readInput } from "./input.ts";
import { keyUseOf } from "./key-use.ts";
import type { GatewayOptions, GatewayPorts, RunRequest } from "./ports.ts";
import { type RequestFacts, requestFacts } from "./request-facts.ts";
import { resultAnswer } from "./result.ts";
import { isSslCheckForm, isSslCheckQuery } from "./slack-requests.ts";
import { loopback, type TrustedProxies, trustedProxies } from "./trusted-proxies.ts";

export interface Gateway {
  /** For `http.createServer` and `https.createServer`; see ../listen.ts. */
  readonly listener: RequestListener;
  /** From now on every answer closes its connection, so that a server that stops is not held open. */
  stop(): void;
}

interface Context {
  readonly ports: GatewayPorts;
  readonly proxies: TrustedProxies;
  readonly maxBodyBytes: number;
  readonly brake: GuessBrake;
  readonly maxJsonDepth: number;
  readonly drivers: DriverCalls;
}

/** @throws Error when a trusted proxy is neither an address nor a CIDR block. */
export function createGateway(options: GatewayOptions, ports: GatewayPorts): Gateway {
  const maxBodyBytes = options.maxBodyBytes ?? 1024 * 1024;
  const { maxAnswerBytes = 6 * 1024 * 1024, driverDeadline: deadline = 30_000 } = options;
  const context: Context = {
    ports,
    drivers: new DriverCalls(ports, { maxBodyBytes, maxAnswerBytes, deadline }),
    proxies: trustedProxies(options.trustedProxies ?? loopback),
    maxBodyBytes,
    brake: new GuessBrake(ports),
    maxJsonDepth: options.maxJsonDepth ?? 1000,
  };
  let stopping = false;
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await answerTo(context, request);
    if (answer === undefined) return;
    if (stopping) response.shouldKeepAlive = false;
    send(response, answer);
  };
  return {
    listener: (request, response) => {
      listener(request, response).catch((error: unknown) => {
        // Only writing can fail here. One answer that cannot be written must not end the server.
        ports.log.error({ err: error }, "gateway: an answer could not be written");
        response.destroy();
      });
    },
    stop: () => {
      stopping = true;
    },
  };
}

/** Never rejects; undefined when there is nobody left to answer. */
async function answerTo(context: Context, request: IncomingMessage): Promise<Answer | undefined> {
  let endpoint: Endpoint | undefined;
  try {
    const facts = requestFacts(request, context.proxies);
    endpoint = findEndpoint(context.ports, facts, request);
    // Whatever somebody laid on a path goes before the drivers.
    if (endpoint === undefined) return await context.drivers.call(facts, request);
    return withCors(endpoint, await answerOf(endpoint, context, facts, request));
  } catch (error) {
    if (error instanceof ClientGone) return undefined;
    const answer = failureAnswer(error, context.ports.log);
    if (endpoint !== undefined && (answer.status === 401 || answer.status === 403))
      context.ports.refused(endpoint, answer.status, request.socket.remoteAddress ?? "");
    return withCors(endpoint, answer);
  }
}

function withCors(endpoint: Endpoint | undefined, answer: Answer): Answer {
  return endpoint?.cors ? withHeaders(answer, corsHeaders) : answer;
}

function findEndpoint(
  { endpoints }: GatewayPorts,
  facts: RequestFacts,
  { headers }: IncomingMessage,
): Endpoint | undefined {
  const asked = (method: string) => endpoints.match({ host: facts.host, path: facts.path, method });
  const found = preflighted(facts, headers["access-control-request-method"], asked) ?? asked(facts.method);
  return found ?? (isSslCheckQuery(facts.method, facts.query) ? slackOnly(asked("POST")) : undefined);
}

/** A preflight asks on behalf of another method: that method's endpoint knows the answer. */
function preflighted(
  { method }: RequestFacts,
  requested: string | undefined,
  asked: (method: string) => Endpoint | undefined,
): Endpoint | undefined {
  return method === "OPTIONS" && requested !== undefined ? asked(requested) : undefined;
}

/** Slack checks the certificate by GET, also of endpoints that list POST alone. */
function slackOnly(endpoint: Endpoint | undefined): Endpoint | undefined {
  return endpoint?.authentication === "slack" ? endpoint : undefined;
}

async function answerOf(
  endpoint: Endpoint,
  context: Context,
  facts: RequestFacts,
  request: IncomingMessage,
): Promise<Answer> {
  checkProtocol(endpoint, facts);
  if (facts.method === "OPTIONS") return emptyAnswer(200);
  let caller: string | undefined;
  if (endpoint.authentication !== "public") {
    const guesser = { brake: context.brake, address: facts.clientAddress };
    caller = await authenticateHeaders(endpoint, request, context.ports, guesser);
  }
  const sent = isBodyRead(endpoint, facts) ? await readBody(request, context.maxBodyBytes) : NO_BODY;
  if (endpoint.authentication === "slack") {
    if (isSslCheckQuery(facts.method, facts.query) || isSslCheckForm(request.headers["content-type"], sent))
      return emptyAnswer(200);
    await authenticateSlack(endpoint, request, sent, context.ports);
  } else if (isWebhook(endpoint.authentication)) await authenticateWebhook(endpoint, request, sent, context.ports);
  const read = inputOf(endpoint, context, facts, request, sent);
  const input = read instanceof Promise ? await read : read;
  return run(endpoint, context.ports, toRunRequest(endpoint, facts, request, input, sent, caller));
}

/** Only here, behind every check of the caller, is a body looked into. */
function inputOf(
  { authentication, rawBody }: Endpoint,
  { maxBodyBytes, maxJsonDepth }: Context,
  { method, query }: RequestFacts,
  { headers }: IncomingMessage,
  sent: Buffer,
): JsonText | Promise<JsonText> {
  // Only the body is signed: what stands in the query may be anybody's.
  const trusted = isSigned(authentication) ? "" : query;
  const content = contentOf(headers["content-encoding"], sent, maxBodyBytes);
  const read = (body: Buffer) =>
    readInput({ method, query: trusted, contentType: headers["content-type"], body, anyType: rawBody, maxJsonDepth });
  return content instanceof Promise ? content.then(read) : read(content);
}

/** @throws Refusal 400 in the words that clients look for (server.md 5.3). */
function checkProtocol({ protocols }: Endpoint, { scheme }: RequestFacts): void {
  const only = protocols.length === 1 ? protocols[0] : undefined;
  if (only !== undefined && only !== scheme) throw new Refusal(400, `Please use ${only.toUpperCase()} protocol`);
}

const NO_BODY = Buffer.alloc(0);

/** The sender signs the bytes of the body, and nothing else that is looked at. */
function isSigned(authentication: Authentication): boolean {
  return authentication === "slack" || isWebhook(authentication);
}

/** The body of a GET means nothing, but a signature covers it. */
function isBodyRead({ authentication }: Endpoint, { method }: RequestFacts): boolean {
  return (method !== "GET" && method !== "HEAD") || isSigned(authentication);
}

async function run(
  { name, organization, people, httpResponse }: Endpoint,
  ports: GatewayPorts,
  request: RunRequest,
): Promise<Answer> {
  const result = await ports.run(request, { kind: "endpoint", id: name, organization, via: "gateway", people });
  const answer = request.blocking ? resultAnswer(result, httpResponse) : emptyAnswer(202);
  return withHeaders(answer, { "x-dispatch-run-id": result.runId });
}

function toRunRequest(
  endpoint: Endpoint,
  facts: RequestFacts,
  request: IncomingMessage,
  input: JsonText,
  sent: Buffer,
  caller: string | undefined,
): RunRequest {
  const { headers, httpVersion } = request;
  const texts = httpContext(facts, headers, httpVersion, endpoint, sent);
  return {
    organization: endpoint.organization,
    functionName: endpoint.functionName,
    input: input.text,
    httpContext: texts.forFunction,
    recordedHttpContext: texts.forRecord,
    credential: texts.credential,
    blocking: headers["x-dispatch-blocking"] !== "false",
    idempotency: keyUseOf({ endpoint, facts, headers, input, sent, caller }),
    gone: () => isHungUp(request),
  };
}
