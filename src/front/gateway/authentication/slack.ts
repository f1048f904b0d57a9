/** Is this request signed by Slack? Signature version v0 over the raw bytes; the clock and the secrets are arguments. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds that a request's time may lie away from ours, in either direction. */
const window = 300;

export interface SlackSignature {
  /** The value of `X-Slack-Request-Timestamp`: Unix seconds. */
  readonly timestamp: string | undefined;
  /** The value of `X-Slack-Signature`: `v0=` and 64 hexadecimal digits. */
  readonly signature: string | undefined;
}

/** `signature` is the one that was expected: two spellings of the same are one. */
export type SlackVerdict =
  | { readonly valid: true; readonly signature: string }
  | { readonly valid: false; readonly reason: string };

/** `secrets`: during a rotation the new one and the one before; empty ones never count. `now`: Unix milliseconds. */
export function verifySlackSignature(
  { timestamp, signature }: SlackSignature,
  body: Buffer,
  secrets: readonly string[],
  now: number,
): SlackVerdict {
  if (timestamp === undefined || signature === undefined) return invalid("the signature headers are missing");
  if (!/^\d{1,15}$/.test(timestamp)) return invalid("X-Slack-Request-Timestamp is not a number of seconds");
  if (Math.abs(now / 1000 - Number(timestamp)) > window)
    return invalid("the request is more than 5 minutes old or early");
  const claimed = /^v0=([0-9a-f]{64})$/i.exec(signature)?.[1];
  if (claimed === undefined) return invalid("X-Slack-Signature is not v0=<64 hexadecimal digits>");
  const bytes = Buffer.from(claimed, "hex");
  const expected = secrets.filter((secret) => secret !== "").map((secret) => sign(secret, timestamp, body));
  const match = expected.find((candidate) => timingSafeEqual(candidate, bytes));
  return match === undefined
    ? invalid("the signature does not fit: is the signing secret that of this Slack app?")
    : { valid: true, signature: match.toString("hex") };
}

function sign(secret: string, timestamp: string, body: Buffer): Buffer {
  return createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest();
}

function invalid(reason: string): SlackVerdict {
  return { valid: false, reason };
}
