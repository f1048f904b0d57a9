/**
 * A stand-in for a Slack workspace on the loopback: it sends slash commands as Slack does (form body, v0 signature,
 * 3 seconds to answer), takes what apps post back, and shows the channel. A test double: no part of Dispatch's server.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { encodeSlack } from "../../functions/shared/escape.ts";
import { closeServer, listen } from "../listener.ts";
import { showAnswer, showFailure } from "./answer.ts";
import type { Post } from "./channel.ts";
import type { Answer } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import { createFeed } from "./feed.ts";
import type { User } from "./form.ts";
import { ALICE, commandForm } from "./form.ts";
import { createHooks } from "./hooks.ts";
import { receivePost } from "./receive.ts";
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

export async function startSlack(options: SlackOptions): Promise<Slack> {
  const { port = 0, signingSecret, commandUrl, command = "/cloudmaster", timeoutMs = 3000, now = Date.now } = options;
  const hooks = createHooks(now);
  const { posts, show, post } = createFeed();

  const server = createServer((request, response) => {
    receivePost(request, { hooks, now, show }).then(
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
    const context = { userId: user.id, sentAt: now() };
    show({ author: user.name, kind: "person", text: encodeSlack(line), attachments: [], onlyFor: user.id });
    const body = commandForm({ command, text, user, responseUrl: listening.url + hooks.openResponse(context) });
    const post = await send(body, signingSecret).then(
      (answer) => showAnswer(answer, context, command),
      (error: unknown) => showFailure(error, context, command),
    );
    if (post !== undefined) show({ ...post, afterMs: now() - context.sentAt });
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
