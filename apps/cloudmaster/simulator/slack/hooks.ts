/** The addresses at which Slack takes messages: a `response_url` for each command, and incoming webhooks. */
import { randomBytes } from "node:crypto";

/** Slack's limits for a `response_url`. */
const MAX_USES = 5;
const LIFETIME_MS = 30 * 60_000;
/** Slack's limit for an incoming webhook: one message a second. */
const WEBHOOK_INTERVAL_MS = 1000;

/** Why a post is refused, in Slack's manner. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds?: number;
}

/** A typed command that waits for answers. */
export interface CommandContext {
  readonly userId: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

export interface Hooks {
  /** The path of a new `response_url`. */
  openResponse(context: CommandContext): string;
  /** The path of the channel's incoming webhook. */
  readonly webhookPath: string;
  /** Counts a post to `path` and tells whose it is, or why it is refused. */
  use(path: string): CommandContext | "webhook" | Refusal;
}

export function createHooks(now: () => number): Hooks {
  const webhookPath = `/services/T0001/B0001/${randomBytes(12).toString("hex")}`;
  const responses = new Map<string, { readonly context: CommandContext; uses: number }>();
  let lastWebhookAt = Number.NEGATIVE_INFINITY;

  function openResponse(context: CommandContext): string {
    const path = `/commands/T0001/${responses.size + 1}/${randomBytes(12).toString("hex")}`;
    responses.set(path, { context, uses: 0 });
    return path;
  }

  function use(path: string): CommandContext | "webhook" | Refusal {
    if (path === webhookPath) return useWebhook();
    const response = responses.get(path);
    if (response === undefined) return { status: 404, body: "no_service" };
    if (now() - response.context.sentAt > LIFETIME_MS) return { status: 404, body: "expired_url" };
    if (response.uses >= MAX_USES) return { status: 404, body: "used_url" };
    response.uses++;
    return response.context;
  }

  function useWebhook(): "webhook" | Refusal {
    if (now() - lastWebhookAt < WEBHOOK_INTERVAL_MS) return { status: 429, body: "rate_limited", retryAfterSeconds: 1 };
    lastWebhookAt = now();
    return "webhook";
  }

  return { openResponse, webhookPath, use };
}
