/** The validation handshake of CloudEvents' HTTP webhooks (section 4): a sender asks before it sends. Event Grid does, too. */
import type { Received, Reply } from "./receiver.ts";

/** The reply to `OPTIONS`; undefined for every other method. */
export function handshake({ method, headerOf }: Received): Reply | undefined {
  if (method !== "OPTIONS") return undefined;
  const origin = headerOf("webhook-request-origin");
  if (origin === undefined) return { status: 200, headers: { Allow: "POST, OPTIONS" } };
  const rate = headerOf("webhook-request-rate") ?? "*";
  return {
    status: 200,
    headers: { Allow: "POST, OPTIONS", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate },
  };
}
