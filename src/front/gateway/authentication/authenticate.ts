/** Who may call an endpoint, enforced (decision 14). */

import type { IncomingMessage } from "node:http";
import { verifyHmac, verifyStandardWebhook } from "../../../../packages/webhooks/verify.ts";
import { type Endpoint, slackSecretOf } from "../../../core/apis/endpoint.ts";
import { wordsOf } from "../../../core/shared/own-error.ts";
import { principalText } from "../../../core/shared/principal.ts";
import type { GuessBrake } from "../../guess-brake.ts";
import { Refusal } from "../answer.ts";
import type { GatewayPorts } from "../ports.ts";
import { passwords, userName, verifyBasic } from "./basic.ts";
import { bearerToken } from "./bearer.ts";
import { verifySlackSignature } from "./slack.ts";
import { isFromThisMachine } from "./this-machine.ts";

type Values = Readonly<Record<string, string>>;

/** Who tries, for the brake on guessing. */
interface Guesser {
  readonly brake: GuessBrake;
  readonly address: string;
}

/** The checks that need the headers only; returns who the caller is. The body of a caller that fails them is not read. @throws Refusal 401, 403, 503; TOO_MANY_GUESSES */
export async function authenticateHeaders(
  endpoint: Endpoint,
  { headers }: IncomingMessage,
  ports: GatewayPorts,
  guesser: Guesser,
): Promise<string | undefined> {
  if (endpoint.authentication === "basic") return checkBasic(endpoint, headers.authorization, ports, guesser);
  if (endpoint.authentication === "token") return checkToken(endpoint, headers.authorization, ports, guesser);
  return undefined;
}

async function checkBasic(
  endpoint: Endpoint,
  authorization: string | undefined,
  ports: GatewayPorts,
  { brake, address }: Guesser,
): Promise<string> {
  const known = passwords(await secretValues(endpoint, endpoint.authenticationSecret, ports));
  if (known.size === 0) throw notConfigured(endpoint, "its secret holds no user name with a password", ports);
  const isRight = () => verifyBasic(authorization, known);
  if (authorization !== undefined && (await brake.judge(doorOf(endpoint), address, isRight)))
    return `user ${userName(authorization)}`;
  const message = "this endpoint needs a user name and a password (HTTP Basic authentication)";
  throw new Refusal(401, message, { "WWW-Authenticate": 'Basic realm="dispatch", charset="UTF-8"' });
}

async function checkToken(
  endpoint: Endpoint,
  authorization: string | undefined,
  ports: GatewayPorts,
  { brake, address }: Guesser,
): Promise<string> {
  const token = bearerToken(authorization);
  const principal = token === undefined ? undefined : await ports.verifyToken(token);
  if (principal === undefined) {
    if (token !== undefined) await brake.wrong(doorOf(endpoint), address);
    const message = "this endpoint needs a service account's token: Authorization: Bearer <token>";
    throw new Refusal(401, message, { "WWW-Authenticate": 'Bearer realm="dispatch"' });
  }
  if (principal.kind !== "administrator" && principal.organization !== endpoint.organization)
    throw new Refusal(403, "the token belongs to another organization than this endpoint");
  return principalText(principal);
}

function doorOf({ organization, name }: Endpoint): string {
  return `endpoint ${organization}/${name}`;
}

/** The check over the raw bytes of the body. @throws Refusal 401, 503 */
export async function authenticateSlack(
  endpoint: Endpoint,
  request: IncomingMessage,
  body: Buffer,
  ports: GatewayPorts,
): Promise<void> {
  const values = await secretValues(endpoint, slackSecretOf(endpoint), ports);
  const secrets = [values.signingSecret ?? "", values.previousSigningSecret ?? ""].filter((secret) => secret !== "");
  if (secrets.length === 0) return takeFromThisMachineOnly(request);
  if (count(request, "content-type") > 1) throw notSlack("Content-Type is there twice");
  const headers = {
    timestamp: header(request, "x-slack-request-timestamp"),
    signature: header(request, "x-slack-signature"),
  };
  const verdict = verifySlackSignature(headers, body, secrets, ports.now());
  if (!verdict.valid) throw notSlack(verdict.reason);
  if (!(await ports.isFirst(endpoint.organization, verdict.signature))) throw notSlack("it was received before");
}

/** The same for webhooks. @throws Refusal 401, 503 */
export async function authenticateWebhook(
  endpoint: Endpoint,
  request: IncomingMessage,
  body: Buffer,
  ports: GatewayPorts,
): Promise<void> {
  const values = await secretValues(endpoint, endpoint.authenticationSecret, ports);
  const secrets = [values.signingSecret ?? "", values.previousSigningSecret ?? ""].filter((secret) => secret !== "");
  if (secrets.length === 0) throw notConfigured(endpoint, "its secret has no signingSecret", ports);
  const headerOf = (name: string) => (count(request, name) === 1 ? header(request, name) : undefined);
  const { signature } = endpoint;
  const verdict =
    signature === undefined
      ? verifyStandardWebhook(headerOf, body, secrets, ports.now())
      : verifyHmac(signature, headerOf, body, secrets, ports.now());
  if (!verdict.valid) throw notSigned(verdict.reason);
  if (verdict.once !== undefined && !(await ports.isFirst(endpoint.organization, verdict.once)))
    throw notSigned("it was received before");
}

function notSigned(reason: string): Refusal {
  return new Refusal(401, `the signature of the request is not accepted: ${reason}`);
}

/** Without a signing secret no request can be proved to come from Slack: only this machine may call the endpoint (decision 14). */
function takeFromThisMachineOnly(request: IncomingMessage): void {
  if (isFromThisMachine(request)) return;
  throw new Refusal(
    401,
    "this endpoint cannot check that requests are Slack's: its secret has no `signingSecret`. Add the signing secret of the Slack app there; until then only requests from the server's own machine are taken",
  );
}

function notSlack(reason: string): Refusal {
  return new Refusal(401, `the request is not accepted as one from Slack: ${reason}`);
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Node keeps the first of several Content-Type headers only; the raw list has them all. */
function count({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}

async function secretValues(endpoint: Endpoint, name: string | undefined, ports: GatewayPorts): Promise<Values> {
  if (name === undefined) throw notConfigured(endpoint, "it names no authenticationSecret", ports);
  try {
    return await ports.secret(endpoint.organization, name);
  } catch (error) {
    throw notConfigured(endpoint, `secret ${name}: ${wordsOf(error)}`, ports);
  }
}

/** The reason goes to the operator's log only: it names secrets. */
function notConfigured(endpoint: Endpoint, reason: string, { log }: GatewayPorts): Refusal {
  const { organization, name, authentication } = endpoint;
  log.error(
    { organization, api: name },
    `endpoint ${name}: ${authentication} authentication is not configured: ${reason}`,
  );
  return new Refusal(503, "authentication is not configured");
}
