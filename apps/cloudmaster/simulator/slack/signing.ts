import { createHmac } from "node:crypto";

/** Signs a body as Slack does (version v0); `timestamp` is in seconds since 1970. */
export function signatureHeaders(signingSecret: string, timestamp: number, body: string): Record<string, string> {
  const digest = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { "X-Slack-Request-Timestamp": String(timestamp), "X-Slack-Signature": `v0=${digest}` };
}
