/** Exactly one credential goes with a call (cli-and-runtimes.md 1.4). */
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { usualDataFolder } from "../../../core/shared/data-folder.ts";
import { isThisMachine } from "../../../core/shared/loopback.ts";
import { CliError, orElse } from "../../../frame/errors.ts";
import type { Io } from "../../../frame/io.ts";
import type { Transport } from "../../client/client.ts";
import { nodeTransport, type TransportOptions } from "../../client/node-transport.ts";
import { readText } from "../files/read-text.ts";
import type { Settings } from "./settings.ts";

/** The header of the token, else of the service account's signed token, else of the cookie. @throws CliError for an unusable key. */
export function credentialHeaders(settings: Settings, now: number): Record<string, string> {
  if (settings.token) return { Authorization: `Bearer ${settings.token}` };
  if (settings.serviceAccount && settings.jwtPrivateKey)
    return { Authorization: `Bearer ${signedToken(settings, now)}` };
  return { Cookie: settings.cookie };
}

/** An RS256 JSON Web Token that is valid for an hour. */
function signedToken({ serviceAccount, organization, jwtPrivateKey }: Settings, now: number): string {
  const iss = serviceAccount.includes("/") ? serviceAccount : `${organization}/${serviceAccount}`;
  const seconds = Math.floor(now / 1000);
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iss, iat: seconds - 60, exp: seconds + 3600 })}`;
  const { createSign } = process.getBuiltinModule("node:crypto");
  const failure = `cannot sign with the private key ${jwtPrivateKey}`;
  const key = rsaKey(readText(jwtPrivateKey, jwtPrivateKey, failure), failure);
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}

function rsaKey(pem: string, failure: string): KeyObject {
  const key = orElse(() => process.getBuiltinModule("node:crypto").createPrivateKey(pem), undefined);
  const what = pem.includes("ENCRYPTED")
    ? "it asks for a password: write it without one"
    : "it is no private key in PEM";
  if (key === undefined) throw new CliError(`${failure}: ${what} (openssl genrsa -out key.pem 2048 makes one)`);
  const kind = key.asymmetricKeyType;
  if (kind !== "rsa") throw new CliError(`${failure}: it is for ${kind}, and RSA is needed`);
  return key;
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * Repeats a call that was refused with 401, with the local administrator token, when the user named no credential: the
 * administrator of a server on this machine needs no configuration (decisions.md 15). Only a
 * server that proves to know the token gets it: another user's program may listen at the same port.
 */
export function transportFor(settings: Settings, io: Io): Transport {
  const options = transportOptions(settings, io);
  const transport = nodeTransport(options);
  if (settings.token || settings.serviceAccount || !isThisMachine(settings.host)) return transport;
  return async (request) => {
    const answer = await transport(request);
    const token = answer.status === 401 ? localAdminToken(io) : undefined;
    if (token === undefined) return answer;
    // Most calls need none of it.
    const { provenExchange } = await import("../../client/proven-exchange.ts");
    const { Cookie: _replaced, ...headers } = request.headers;
    const authorized = { ...request, headers: { ...headers, Authorization: `Bearer ${token}` } };
    return (await provenExchange(authorized, token, options)) ?? answer;
  };
}

export function transportOptions({ insecure }: Settings, { env }: Io): TransportOptions {
  return { insecure, environment: env };
}

function localAdminToken(io: Io): string | undefined {
  // No file, or one that belongs to somebody else: the answer 401 stands.
  return orElse(() => readFileSync(join(dataDir(io), "admin-token"), "utf8").trim(), "") || undefined;
}

/** Where a server of this user keeps its data. */
export function dataDir({ env }: Io): string {
  return env.DISPATCH_DATA_DIR || (usualDataFolder(env) ?? "/");
}
