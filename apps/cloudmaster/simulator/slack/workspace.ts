/**
 * A stand-in for a Slack workspace on the loopback: it sends slash commands as Slack does (form body, v0 signature,
 * 3 seconds to answer), takes what apps post back, and shows the channel. A test double: no part of Dispatch's server.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { encodeSlack } from "../../functions/shared/escape.ts";
import { closeServer, listen, readBody } from "../listener.ts";
import type { Post } from "./channel.ts";
import { readMessage } from "./channel.ts";
import type { Answer } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import { createFeed } from "./feed.ts";
import type { User } from "./form.ts";
import { ALICE, commandForm } from "./form.ts";
import type { CommandContext } from "./hooks.ts";
import { createHooks } from "./hooks.ts";
import { signatureHeaders } from "./signing.ts";

export interface SlackOptions {
  /** 0 or absent: any free port of 127.0.0.1. */
  readonly port?: number;
  readonly signingSecret: string;
  /** Where the slash command is sent: the request URL of the app. */
  readonly commandUrl: string;
  /** The slash command, `/cloudmaster` when absent. */
  readonly command?: string;
  /** PEM of a self-signed certificate to trust. Slack itself refuses self-signed certificates. */
  readonly ca?: string;
  /** Slack's 3 seconds, in milliseconds. */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Slack {
  readonly url: string;
  readonly port: number;
  /** The address of the channel's incoming webhook. */
  readonly webhookUrl: string;
  /** Everything said so far, oldest first. */
  readonly posts: readonly Post[];
  /** Types the command and resolves when its own answer stands in the channel. */
  type(text: string, user?: User): Promise<void>;
  /** Resolves with the first post after number `count` (1 is the first ever), or rejects when `signal` aborts. */
  post(count: number, signal: AbortSignal): Promise<Post>;
  /** Sends a command that somebody without the signing secret has made up. Its answer is not shown. */
  forge(text: string): Promise<Answer>;
  close(): Promise<void>;
}

const APP = "cloudmaster";

export async function startSlack(options: SlackOptions): Promise<Slack> {
  const { port = 0, signingSecret, commandUrl, command = "/cloudmaster", timeoutMs = 3000, now = Date.now } = options;
  const hooks = createHooks(now);
  const { posts, show, post } = createFeed();

  async function receive(
    request: IncomingMessage,
  ): Promise<{ status: number; body: string; headers?: Record<string, string> }> {
    const body = await readBody(request);
    const owner = hooks.use(request.url ?? "");
    if (typeof owner === "object" && "status" in owner) {
      const { retryAfterSeconds: seconds } = owner;
      return { ...owner, ...(seconds === undefined ? {} : { headers: { "Retry-After": String(seconds) } }) };
    }
    const message = readMessage(parseJson(body.toString()));
    if ("invalid" in message) return { status: 400, body: message.invalid };
    const { text, attachments, responseType } = message;
    const shared = { author: APP, kind: "app", text, attachments } as const;
    show(owner === "webhook" ? shared : { ...shared, ...timing(owner), ...audience(responseType, owner) });
    return { status: 200, body: "ok" };
  }

  const timing = (context: CommandContext) => ({ afterMs: now() - context.sentAt });

  const server = createServer((request, response) => {
    receive(request).then(
      ({ status, body, headers }) => response.writeHead(status, headers).end(body),
      () => response.writeHead(400).end("invalid_payload"),
    );
  });
  const listening = await listen(server, port);

  function send(body: string, secret: string): Promise<Answer> {
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
      Accept: "application/json,*/*",
      ...signatureHeaders(secret, Math.floor(now() / 1000), body),
    };
    return deliver({ url: commandUrl, body, headers, ca: options.ca, timeoutMs });
  }

  async function type(text: string, user: User = ALICE): Promise<void> {
    const line = `${command} ${text}`.trim();
    const context = { userId: user.id, line, sentAt: now() };
    show({ author: user.name, kind: "person", text: encodeSlack(line), attachments: [], onlyFor: user.id });
    const body = commandForm({ command, text, user, responseUrl: listening.url + hooks.openResponse(context) });
    const post = await send(body, signingSecret).then(
      (answer) => readAnswer(answer, context, command),
      (error: unknown) => failed(isTimeout(error) ? "operation_timeout" : "dispatch_failed", command, user.id),
    );
    if (post !== undefined) show({ ...post, ...timing(context) });
  }

  return {
    ...listening,
    webhookUrl: listening.url + hooks.webhookPath,
    posts,
    type,
    post,
    forge: (text) => {
      const responseUrl = `${listening.url}/commands/none`;
      return send(commandForm({ command, text, user: ALICE, responseUrl }), randomBytes(16).toString("hex"));
    },
    close: () => closeServer(server),
  };
}

/** What the channel shows for the app's own answer; nothing for an empty 200. */
function readAnswer(answer: Answer, context: CommandContext, command: string): Post | undefined {
  if (answer.status !== 200) return failed("dispatch_failed", command, context.userId);
  if (answer.body.trim() === "") return undefined;
  const isJson = answer.contentType.startsWith("application/json");
  const message = readMessage(isJson ? parseJson(answer.body) : { text: answer.body });
  if ("invalid" in message) return failed("dispatch_failed", command, context.userId);
  const { text, attachments, responseType } = message;
  return { author: APP, kind: "app", text, attachments, ...audience(responseType, context) };
}

function audience(responseType: "ephemeral" | "in_channel", context: CommandContext): { onlyFor?: string } {
  return responseType === "ephemeral" ? { onlyFor: context.userId } : {};
}

function failed(reason: "operation_timeout" | "dispatch_failed", command: string, userId: string): Post {
  const text = `${command} failed with the error "${reason}"`;
  return { author: "Slackbot", kind: "slackbot", text, attachments: [], onlyFor: userId };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
