/**
 * A stand-in for Microsoft Entra and Azure Resource Manager on the loopback: tokens, long-running operations, machines
 * with their disks and network cards, in memory only. A test double: no part of Dispatch's server.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Faults } from "../faults.ts";
import { createFaults } from "../faults.ts";
import { closeServer, listen, readBody } from "../listener.ts";
import { ArmError } from "./errors.ts";
import type { Answer } from "./routes.ts";
import { answerArm } from "./routes.ts";
import { ACCOUNT, createSubscription } from "./subscription.ts";

export interface AzureOptions {
  /** 0 or absent: any free port of 127.0.0.1. */
  readonly port?: number;
  readonly transitionMs?: number;
  readonly listLagMs?: number;
  readonly maxMachines?: number;
  readonly now?: () => number;
  /** Takes requests without a token: Microsoft's own clients send none over http. */
  readonly anonymous?: boolean;
}

export interface Azure {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** The secret `azure` that reaches this stand-in. */
  readonly secret: Readonly<Record<string, string>>;
  /** Ids of everything that costs money: machines, disks, network cards. */
  resources(): string[];
  /** The next machine is made half-way, and its operation fails like this. */
  failNextMachine(code: string, message: string): void;
  /** Tokens handed out so far are worth nothing any more. */
  expireTokens(): void;
  close(): Promise<void>;
}

export async function startAzure(options: AzureOptions = {}): Promise<Azure> {
  const { port = 0, transitionMs = 1000, listLagMs = 0, maxMachines = 20, now = Date.now, anonymous = false } = options;
  const subscription = createSubscription({ transitionMs, listLagMs, maxMachines, now });
  const faults = createFaults();
  const tokens = new Set<string>();

  async function handle(request: IncomingMessage, origin: string): Promise<Answer> {
    const url = new URL(request.url ?? "/", origin);
    const body = await readBody(request);
    if (url.pathname.endsWith("/oauth2/v2.0/token")) return giveToken(url, body, tokens);
    if (!anonymous && !tokens.has(request.headers.authorization?.replace(/^Bearer /, "") ?? ""))
      throw new ArmError(401, "ExpiredAuthenticationToken", "The access token expiry time is before current time.");
    return answerArm({ subscription, method: request.method ?? "GET", url, body });
  }

  const server = createServer((request, response) => {
    if (faults.strike(`${request.method} ${request.url}`, response)) return;
    handle(request, `http://${request.headers.host}`).then(
      (answer) => reply(response, answer),
      (error: unknown) => reply(response, toAnswer(error, request.url ?? "")),
    );
  });
  const { url, port: listening } = await listen(server, port);
  const { tenant, clientId, password, location, subnet } = ACCOUNT;
  return {
    url,
    port: listening,
    faults,
    secret: {
      ...{ clientId, password, tenant, subscription: ACCOUNT.subscription, location, subnet },
      ...{ admin_password: "Correct-Horse-42", virtual_network: ACCOUNT.virtualNetwork, endpoint: url, authority: url },
    },
    resources: () => subscription.list("", true).map(({ id }) => id),
    failNextMachine: (code, message) => subscription.failNextMachine(new ArmError(409, code, message)),
    expireTokens: () => tokens.clear(),
    close: () => closeServer(server),
  };
}

function giveToken(url: URL, body: Buffer, tokens: Set<string>): Answer {
  const form = new URLSearchParams(body.toString());
  const refuse = (code: number, message: string): Answer => ({
    status: 401,
    body: { error: "invalid_client", error_description: `AADSTS${code}: ${message}\r\nTrace ID: none` },
  });
  if (!url.pathname.startsWith(`/${ACCOUNT.tenant}/`)) return refuse(90002, "Tenant not found.");
  if (form.get("client_id") !== ACCOUNT.clientId) return refuse(700016, "Application was not found in the directory.");
  if (form.get("client_secret") !== ACCOUNT.password) return refuse(7000215, "Invalid client secret provided.");
  const token = randomUUID();
  tokens.add(token);
  return { status: 200, body: { token_type: "Bearer", expires_in: 3599, access_token: token } };
}

function reply(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

function toAnswer(error: unknown, target: string): Answer {
  const known = error instanceof ArmError ? error : new ArmError(500, "InternalServerError", String(error));
  return { status: known.status, body: { error: { code: known.code, message: known.message, target } } };
}
