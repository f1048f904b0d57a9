/** Is a Dispatch server there, does it know us, and is it of our time and kind? */

import { apiOperations } from "../../../../core/apis/contract.ts";
import { accessOperations } from "../../../../core/iam/access-contract.ts";
import { isThisMachine } from "../../../../core/shared/loopback.ts";
import { messageOf } from "../../../../core/shared/message-of.ts";
import { version as ownVersion } from "../../../../version.ts";
import { ApiError, TransportError } from "../../../client/errors.ts";
import { type Certificate, type Probed, probe } from "../../../client/probe.ts";
import type { Context } from "../../frame/context.ts";
import { baseUrl } from "../../frame/settings.ts";
import { list, text } from "../../kinds/kind.ts";
import { isObject, type JsonObject } from "../../output/shape.ts";
import type { Finding } from "./finding.ts";

export interface ServerState {
  readonly findings: readonly Finding[];
  /** The server's word about itself; undefined when it gave none. */
  readonly health?: JsonObject;
}

/** Looks at the API's address. */
export async function checkServer(context: Context): Promise<ServerState> {
  const url = baseUrl(context.settings);
  try {
    const probed = await probe(`${url}/healthz`, transportOptions(context));
    const health = healthOf(probed);
    if (!health) return { findings: [stranger(url)] };
    const findings = [
      serverFinding(url, health),
      ...certificateFindings(context, probed),
      clockFinding(context, probed),
    ];
    return { findings: [...findings.filter((found) => found !== undefined), await credential(context)], health };
  } catch (error) {
    return { findings: [unreachable(context, url, error)] };
  }
}

/** The gateway's listener, where endpoints answer. */
export async function checkGateway(context: Context): Promise<Finding> {
  const { host, apiHttpPort, apiHttpsPort } = context.settings;
  const urls = [
    baseUrl({ scheme: "http", host, port: apiHttpPort }),
    baseUrl({ scheme: "https", host, port: apiHttpsPort }),
  ];
  for (const url of urls) {
    const answers = await probe(url, transportOptions(context)).then(
      () => true,
      () => false,
    );
    if (answers) return { check: "gateway", state: "ok", message: `${url} answers` };
  }
  return {
    check: "gateway",
    state: "warning",
    message: `nothing answers at ${urls.join(" or ")}, where endpoints would be`,
    remedy:
      "name the gateway's port: dispatch context create NAME --api-http-port PORT (dispatch-server --gateway-port)",
  };
}

/** Endpoints for Slack that nothing but this machine may call yet: the server says so in their `reason`. */
export async function checkEndpoints(context: Context): Promise<Finding[]> {
  const check = "endpoints";
  try {
    const answer = await context.client.call(apiOperations.list);
    const apis = Array.isArray(answer) ? answer.filter(isObject) : [];
    const unsigned = apis.flatMap((api) =>
      list(api, "reason")
        .filter((sentence) => sentence.includes("`signingSecret`"))
        .map((sentence) => `${text(api, "name")}: ${sentence}`),
    );
    return unsigned.map((message): Finding => ({ check, state: "warning", message }));
  } catch (error) {
    return [{ check, state: "skipped", message: `endpoints cannot be read: ${messageOf(error)}` }];
  }
}

function transportOptions({ settings, io }: Context) {
  return { insecure: settings.insecure, environment: io.env };
}

function healthOf({ status, text: body }: Probed): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return status === 200 && isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function stranger(url: string): Finding {
  return {
    check: "server",
    state: "broken",
    message: `another program answers at ${url}`,
    remedy: "name the address of the Dispatch server: --host, --port (DISPATCH_HOST, DISPATCH_PORT)",
  };
}

function unreachable({ settings }: Context, url: string, error: unknown): Finding {
  const { message } = new TransportError("GET", url, error);
  const start = isThisMachine(settings.host)
    ? "start it: dispatch-server --port"
    : "start it there, or open the way to port";
  const remedy = `${start} ${settings.port}; or name another address: --host, --port, --scheme`;
  return { check: "server", state: "broken", message: message.replace(/^.*?: Get /, ""), remedy };
}

function serverFinding(url: string, health: JsonObject): Finding {
  const version = isObject(health.version) ? text(health.version, "version") : "";
  if (version === `v${ownVersion}`)
    return { check: "server", state: "ok", message: `${url} answers, version ${version}` };
  return {
    check: "server",
    state: "warning",
    message: `${url} answers, ${version === "" ? "without a version" : `version ${version}`}; this program is v${ownVersion}`,
    remedy: "use the same version on both sides",
  };
}

const daysOfWarning = 14;
const dayMs = 86_400_000;

function certificateFindings(context: Context, { certificate }: Probed): Finding[] {
  return certificate ? [certificateFinding(context, certificate)] : [];
}

function certificateFinding({ settings, io }: Context, { validTo, issuer, problem }: Certificate): Finding {
  const check = "certificate";
  const days = Math.floor((validTo - io.now()) / dayMs);
  const until = `of ${issuer}, valid until ${new Date(validTo).toISOString().slice(0, 10)} (${days} days)`;
  if (days < 0) return { check, state: "broken", message: `expired: ${until}`, remedy: "renew it on the server" };
  if (problem !== undefined && !settings.insecure) {
    const remedy = "name its authority in NODE_EXTRA_CA_CERTS, or accept any certificate with --insecure";
    return { check, state: "broken", message: `not trusted (${problem}): ${until}`, remedy };
  }
  if (days < daysOfWarning)
    return { check, state: "warning", message: `ends soon: ${until}`, remedy: "renew it on the server" };
  return { check, state: "ok", message: problem === undefined ? until : `not checked (--insecure): ${until}` };
}

const clockToleranceMs = 5000;
/** Tokens of service accounts are valid from a minute before they are signed. */
const tokenToleranceMs = 60_000;

function clockFinding({ settings, io }: Context, { date }: Probed): Finding | undefined {
  if (date === undefined) return undefined;
  const apartMs = Math.abs(io.now() - date);
  if (apartMs <= clockToleranceMs) return { check: "clock", state: "ok", message: "the same as the server's" };
  const seconds = Math.round(apartMs / 1000);
  const refused = apartMs > tokenToleranceMs && settings.serviceAccount !== "";
  return {
    check: "clock",
    state: refused ? "broken" : "warning",
    message: `${seconds} s apart from the server's${refused ? ": it refuses the tokens of service accounts" : ""}`,
    remedy: "set both clocks by the network: timedatectl set-ntp true",
  };
}

async function credential(context: Context): Promise<Finding> {
  const check = "credential";
  try {
    await context.client.call(accessOperations.getHome);
    return { check, state: "ok", message: `accepted, organization ${context.settings.organization}` };
  } catch (error) {
    const message = error instanceof ApiError ? `refused: ${error.message}` : messageOf(error);
    return {
      check,
      state: "broken",
      message,
      remedy: "dispatch login --token-stdin, or --service-account with its key",
    };
  }
}
