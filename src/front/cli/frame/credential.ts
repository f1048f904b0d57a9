/** Exactly one credential goes with a call (cli-and-runtimes.md 1.4). */

import { readText } from "../files/read-text.ts";
import { CliError, fileProblem } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** The header of the token, else of the service account's signed token, else of the cookie. @throws CliError for an unusable key. */
export function credentialHeaders(settings: Settings, now: number): Record<string, string> {
  if (settings.token) return { Authorization: `Bearer ${settings.token}` };
  if (settings.serviceAccount && settings.jwtPrivateKey)
    return { Authorization: `Bearer ${signedToken(settings, now)}` };
  return { Cookie: settings.cookie };
}

/** An RS256 JSON Web Token that is valid for an hour. */
function signedToken(settings: Settings, now: number): string {
  const account = settings.serviceAccount;
  const iss = account.includes("/") ? account : `${settings.organization}/${account}`;
  const seconds = Math.floor(now / 1000);
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iss, iat: seconds - 60, exp: seconds + 3600 })}`;
  const { createSign } = process.getBuiltinModule("node:crypto");
  const key = readText(settings.jwtPrivateKey, settings.jwtPrivateKey, cannotSign(settings));
  try {
    return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
  } catch (error) {
    throw new CliError(`${cannotSign(settings)}: ${fileProblem(error)}`);
  }
}

function cannotSign({ jwtPrivateKey }: Settings): string {
  return `cannot sign with the private key ${jwtPrivateKey}`;
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
