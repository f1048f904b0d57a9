/** Is a Dispatch server there, does it know us, and is it of our time and kind? */
import { apiOperations } from "../../../../core/apis/contract.ts";
import { accessOperations } from "../../../../core/iam/access-contract.ts";
import { isThisMachine } from "../../../../core/shared/loopback.ts";
import { messageOf } from "../../../../core/shared/message-of.ts";
import { orElse } from "../../../../frame/errors.ts";
import { version as ownVersion } from "../../../../version.ts";
import { ApiError, TransportError } from "../../../client/errors.ts";
import { type Certificate, type Probed, probe } from "../../../client/probe.ts";
import type { Context } from "../../context/context.ts";
import { transportOptions } from "../../context/credential.ts";
import { baseUrl, gatewayPort } from "../../context/settings.ts";
import { isObject, type JsonObject, list, objectOf, objectsOf, text } from "../../output/json.ts";
import { type Finding, finding } from "./finding.ts";

/** What was found, and the server's word about itself when it gave one. */
export async function checkServer(context: Context): Promise<{ findings: Finding[]; health?: JsonObject }> {
  const url = baseUrl(context.settings);
  try {
    const probed = await probe(`${url}/healthz`, transportOptions(context.settings, context.io));
    const health = healthOf(probed);
    if (!health) {
      const remedy = "name the address of the Dispatch server: --host, --port (DISPATCH_HOST, DISPATCH_PORT)";
      return { findings: [finding("server", "broken", `another program answers at ${url}`, remedy)] };
    }
    const seen = [certificateFinding(context, probed.certificate), clockFinding(context, probed)];
    return { findings: [serverFinding(url, health), ...seen.flat(), await credential(context)], health };
  } catch (error) {
    return { findings: [unreachable(context, url, error)] };
  }
}

/** The gateway's listener, where endpoints answer. */
export async function checkGateway(context: Context, { gateway }: JsonObject): Promise<Finding> {
  const { settings } = context;
  const urls = (["http", "https"] as const).map((scheme) =>
    baseUrl({ scheme, host: settings.host, port: gatewayPort(settings, scheme, gateway) }),
  );
  for (const url of urls) {
    const answer = await probe(url, transportOptions(context.settings, context.io)).catch(() => undefined);
    if (answer) return finding("gateway", "ok", `${url} answers`);
  }
  const remedy =
    "name the gateway's port: dispatch context create NAME --api-http-port PORT (dispatch-server --gateway-port)";
  return finding("gateway", "warning", `nothing answers at ${urls.join(" or ")}, where endpoints would be`, remedy);
}

/** Endpoints for Slack that nothing but this machine may call yet: the server says so in their `reason`. */
export async function checkEndpoints({ client }: Context): Promise<Finding[]> {
  try {
    return objectsOf(await client.call(apiOperations.list)).flatMap((api) => {
      const unsigned = list(api, "reason").filter((sentence) => sentence.includes("`signingSecret`"));
      return unsigned.map((sentence) => finding("endpoints", "warning", `${text(api, "name")}: ${sentence}`));
    });
  } catch (error) {
    return [finding("endpoints", "skipped", `endpoints cannot be read: ${messageOf(error)}`)];
  }
}

function healthOf({ status, text: body }: Probed): JsonObject | undefined {
  const parsed: unknown = orElse(() => JSON.parse(body), undefined);
  return status === 200 && isObject(parsed) ? parsed : undefined;
}

function unreachable({ settings }: Context, url: string, error: unknown): Finding {
  const { message } = new TransportError("GET", url, error);
  const start = isThisMachine(settings.host)
    ? "start it: dispatch-server --port"
    : "start it there, or open the way to port";
  const remedy = `${start} ${settings.port}; or name another address: --host, --port, --scheme`;
  return finding("server", "broken", message.replace(/^.*?: Get /, ""), remedy);
}

function serverFinding(url: string, health: JsonObject): Finding {
  const version = text(objectOf(health.version), "version");
  if (version === `v${ownVersion}`) return finding("server", "ok", `${url} answers, version ${version}`);
  const told = version === "" ? "without a version" : `version ${version}`;
  const message = `${url} answers, ${told}; this program is v${ownVersion}`;
  return finding("server", "warning", message, "use the same version on both sides");
}

const daysOfWarning = 14;
const dayMs = 86_400_000;

function certificateFinding({ settings, io }: Context, certificate: Certificate | undefined): Finding[] {
  if (certificate === undefined) return [];
  const { validTo, issuer, problem } = certificate;
  const days = Math.floor((validTo - io.now()) / dayMs);
  const until = `of ${issuer}, valid until ${new Date(validTo).toISOString().slice(0, 10)} (${days} days)`;
  if (days < 0) return [finding("certificate", "broken", `expired: ${until}`, "renew it on the server")];
  if (problem !== undefined && !settings.insecure) {
    const remedy = "name its authority in NODE_EXTRA_CA_CERTS, or accept any certificate with --insecure";
    return [finding("certificate", "broken", `not trusted (${problem}): ${until}`, remedy)];
  }
  if (days < daysOfWarning) return [finding("certificate", "warning", `ends soon: ${until}`, "renew it on the server")];
  return [finding("certificate", "ok", problem === undefined ? until : `not checked (--insecure): ${until}`)];
}

const clockToleranceMs = 5000;
/** Tokens of service accounts are valid from a minute before they are signed. */
const tokenToleranceMs = 60_000;

function clockFinding({ settings, io }: Context, { date }: Probed): Finding[] {
  if (date === undefined) return [];
  const apartMs = Math.abs(io.now() - date);
  if (apartMs <= clockToleranceMs) return [finding("clock", "ok", "the same as the server's")];
  const message = `${Math.round(apartMs / 1000)} s apart from the server's`;
  const remedy = "set both clocks by the network: timedatectl set-ntp true";
  const refused = apartMs > tokenToleranceMs && settings.serviceAccount !== "";
  if (!refused) return [finding("clock", "warning", message, remedy)];
  return [finding("clock", "broken", `${message}: it refuses the tokens of service accounts`, remedy)];
}

async function credential({ client, settings }: Context): Promise<Finding> {
  try {
    await client.call(accessOperations.getHome);
    return finding("credential", "ok", `accepted, organization ${settings.organization}`);
  } catch (error) {
    const message = error instanceof ApiError ? `refused: ${error.message}` : messageOf(error);
    return finding("credential", "broken", message, "dispatch login --token-stdin, or --service-account with its key");
  }
}
