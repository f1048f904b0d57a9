/** What Slack does with a post to a `response_url` or an incoming webhook. */
import type { IncomingMessage } from "node:http";
import { readBody } from "../listener.ts";
import type { Post } from "./channel.ts";
import { APP_NAME, audience, parseMessage } from "./channel.ts";
import type { Hooks } from "./hooks.ts";

export interface Reception {
  readonly hooks: Hooks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly show: (post: Post) => void;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

/** Shows the message, or refuses it in Slack's manner. */
export async function receivePost(request: IncomingMessage, { hooks, now, show }: Reception): Promise<Reply> {
  const body = await readBody(request);
  const owner = hooks.use(request.url ?? "");
  if (typeof owner === "object" && "status" in owner) {
    const { status, body, retryAfterSeconds: seconds } = owner;
    return { status, body, ...(seconds === undefined ? {} : { headers: { "Retry-After": String(seconds) } }) };
  }
  const message = parseMessage(body.toString());
  if ("invalid" in message) return { status: 400, body: message.invalid };
  const { text, attachments, responseType } = message;
  const post = { author: APP_NAME, kind: "app", text, attachments } as const;
  if (owner === "webhook") show(post);
  else show({ ...post, ...audience(responseType, owner.userId), afterMs: now() - owner.sentAt });
  return { status: 200, body: "ok" };
}
