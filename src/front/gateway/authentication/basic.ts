/** HTTP Basic authentication against a secret (RFC 7617, decision 14). */
import { createHash, timingSafeEqual } from "node:crypto";

type Values = Readonly<Record<string, string>>;

/**
 * The passwords by user name: a secret with `username` and `password` is one pair, any other one holds a password for
 * each user name. Empty names and passwords open nothing.
 */
export function passwords(secret: Values): ReadonlyMap<string, string> {
  const { username, password } = secret;
  const pairs =
    username !== undefined && password !== undefined ? [[username, password] as const] : Object.entries(secret);
  return new Map(pairs.filter(([name, word]) => name !== "" && word !== ""));
}

/** Of credentials that were verified. */
export function userName(authorization: string): string {
  const text = Buffer.from(authorization.replace(/^Basic +/i, ""), "base64").toString();
  return text.slice(0, text.indexOf(":"));
}

/** Takes the same time whether the name or the password is wrong. */
export function verifyBasic(authorization: string | undefined, known: ReadonlyMap<string, string>): boolean {
  const credentials = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? "")?.[1];
  if (credentials === undefined) return false;
  const text = Buffer.from(credentials, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return false;
  const password = known.get(text.slice(0, colon));
  const equal = equalText(text.slice(colon + 1), password ?? "");
  return equal && password !== undefined;
}

function equalText(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
