/**
 * Is this request signed by whoever knows the secret? Webhooks are signed over their raw bytes: with an HMAC in a header
 * (GitHub and most others), or as Standard Webhooks says (https://github.com/standard-webhooks/standard-webhooks, version 1).
 * Pure: the clock and the secrets are arguments.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { SignatureRules } from "./rules.ts";

/** Seconds that a request's time may lie away from ours, in either direction. */
const WINDOW = 300;

/** The one value of a header; undefined when it is missing or there more than once. */
type HeaderOf = (name: string) => string | undefined;

/** `once` names the request where its time is part of the signature: it must not be received twice. */
export type WebhookVerdict =
  | { readonly valid: true; readonly once: string | undefined }
  | { readonly valid: false; readonly reason: string };

/** `secrets`: during a rotation the new one and the one before; empty ones never count. `now`: Unix milliseconds. */
export function verifyHmac(
  { header, algorithm, encoding, prefix, timeHeader }: SignatureRules,
  headerOf: HeaderOf,
  body: Buffer,
  secrets: readonly string[],
  now: number,
): WebhookVerdict {
  const given = headerOf(header);
  if (given === undefined) return invalid(`the header ${header} is missing`);
  if (!given.startsWith(prefix)) return invalid(`${header} does not begin with ${prefix}`);
  const time = timeHeader === undefined ? undefined : headerOf(timeHeader);
  const untimely = timeHeader === undefined ? undefined : untimeliness(timeHeader, time, now);
  if (untimely !== undefined) return invalid(untimely);
  const claimed = bytesOf(given.slice(prefix.length), encoding);
  const signed = time === undefined ? body : Buffer.concat([Buffer.from(`${time}.`), body]);
  const match = keysOf(secrets)
    .map((key) => createHmac(algorithm, key).update(signed).digest())
    .find((expected) => equal(expected, claimed));
  if (match === undefined) return invalid(`${header} does not fit: is the secret that of the sender?`);
  return { valid: true, once: time === undefined ? undefined : match.toString("hex") };
}

/** Secrets begin with `whsec_` and are base64. */
export function verifyStandardWebhook(
  headerOf: HeaderOf,
  body: Buffer,
  secrets: readonly string[],
  now: number,
): WebhookVerdict {
  const [id, time, given] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(headerOf);
  if (id === undefined || id === "" || given === undefined)
    return invalid("the headers webhook-id, webhook-timestamp and webhook-signature are not all there");
  const untimely = untimeliness("webhook-timestamp", time, now);
  if (untimely !== undefined) return invalid(untimely);
  const claims = given.split(" ").flatMap((part) => (part.startsWith("v1,") ? [bytesOf(part.slice(3), "base64")] : []));
  if (claims.length === 0) return invalid("webhook-signature has no signature of version v1");
  const keys = secrets.filter((secret) => secret !== "").map(standardKey);
  const match = keys
    .filter((key) => key.length > 0)
    .map((key) => createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest())
    .find((expected) => claims.some((claimed) => equal(expected, claimed)));
  if (match === undefined) return invalid("webhook-signature does not fit: is the secret that of the sender?");
  return { valid: true, once: match.toString("hex") };
}

function standardKey(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

function keysOf(secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret !== "");
}

/** What is wrong with a request's time; undefined when nothing is. */
function untimeliness(header: string, time: string | undefined, now: number): string | undefined {
  if (time === undefined) return `the header ${header} is missing`;
  if (!/^\d{1,15}$/.test(time)) return `${header} is not a number of seconds`;
  return Math.abs(now / 1000 - Number(time)) > WINDOW ? "the request is more than 5 minutes old or early" : undefined;
}

/** Empty for what is not in this encoding. */
function bytesOf(text: string, encoding: "hex" | "base64"): Buffer {
  const isGood = encoding === "hex" ? /^([0-9a-f]{2})+$/i.test(text) : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  return isGood ? Buffer.from(text, encoding) : Buffer.alloc(0);
}

function equal(expected: Buffer, claimed: Buffer): boolean {
  return expected.length === claimed.length && timingSafeEqual(expected, claimed);
}

function invalid(reason: string): WebhookVerdict {
  return { valid: false, reason };
}
