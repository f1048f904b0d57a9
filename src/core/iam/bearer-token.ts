/** Bearer tokens of service accounts: JSON Web Tokens that an account signs with its own RSA key (server.md 8.2). */
import type { KeyObject } from "node:crypto";
import type { JWTPayload } from "jose";
import { DispatchError } from "../shared/errors.ts";

/** RSA signatures only: with a shared secret, or none, whoever knows the public key could sign. */
const algorithms = ["RS256", "RS384", "RS512"];

/** A token is worth no longer than this; there is no list of revoked ones. */
const MAX_LIFETIME_DAYS = 366;
const DAY = 24 * 60 * 60;

/** What a token must name in `aud` if it names anything. */
const AUDIENCE = "dispatch";

/** Who signed a token: an account and its organization. */
export interface Issuer {
  readonly organization: string;
  readonly name: string;
}

/** Whether a bearer token looks like a JSON Web Token. */
export function isJsonWebToken(token: string): boolean {
  return token.split(".").length === 3;
}

/**
 * The account that signed the token. `keyOf` finds an account's key, `now` is Unix milliseconds.
 * @throws INVALID_CREDENTIALS with the reason
 */
export async function verifyToken(
  token: string,
  keyOf: (issuer: Issuer) => KeyObject | undefined,
  now: number,
): Promise<Issuer> {
  const { decodeJwt, jwtVerify } = await import("jose");
  try {
    const issuer = issuerOf(decodeJwt(token));
    const key = keyOf(issuer);
    if (key === undefined) throw new Error("no service account verifies it");
    const { payload } = await jwtVerify(token, key, {
      algorithms,
      currentDate: new Date(now),
      requiredClaims: ["exp"],
    });
    checkTimes(payload, now / 1000);
    checkAudience(payload);
    return issuer;
  } catch (error) {
    throw new DispatchError("INVALID_CREDENTIALS", { message: `unable to validate bearer token: ${reasonOf(error)}` });
  }
}

function issuerOf({ iss }: JWTPayload): Issuer {
  const [, organization, name] = /^(.+)\/([^/]+)$/.exec(typeof iss === "string" ? iss : "") ?? [];
  if (organization !== undefined && name !== undefined) return { organization, name };
  throw new Error("its issuer (iss) must be ORGANIZATION/SERVICE-ACCOUNT");
}

function checkTimes({ iat, exp = 0 }: JWTPayload, now: number): void {
  if (iat !== undefined && iat > now) throw new Error("it was issued (iat) in the future: compare the clocks");
  if (exp - (iat ?? now) > MAX_LIFETIME_DAYS * DAY)
    throw new Error(`it is valid for more than ${MAX_LIFETIME_DAYS} days`);
}

function checkAudience({ aud }: JWTPayload): void {
  if (aud === undefined || [aud].flat().includes(AUDIENCE)) return;
  throw new Error(`its audience (aud) is not ${AUDIENCE}`);
}

/** A stranger learns no account names: an unknown account and a wrong signature read the same. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  if (code === "ERR_JWS_SIGNATURE_VERIFICATION_FAILED") return "no service account verifies it";
  if (code === "ERR_JWT_EXPIRED") return "it has expired (exp)";
  return message;
}
