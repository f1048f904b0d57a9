/** What the channel shows for an app's own answer to a slash command. */
import type { Post } from "./channel.ts";
import { APP_NAME, audience, parseMessage, readMessage } from "./channel.ts";
import type { Answer } from "./deliver.ts";
import type { CommandContext } from "./hooks.ts";

/** Nothing for an empty 200; Slack's own notice for anything that is no message. */
export function showAnswer(answer: Answer, context: CommandContext, command: string): Post | undefined {
  if (answer.status !== 200) return notice("dispatch_failed", context, command);
  if (answer.body.trim() === "") return undefined;
  const isJson = answer.contentType.startsWith("application/json");
  const message = isJson ? parseMessage(answer.body) : readMessage({ text: answer.body });
  if ("invalid" in message) return notice("dispatch_failed", context, command);
  const { text, attachments, responseType } = message;
  return { author: APP_NAME, kind: "app", text, attachments, ...audience(responseType, context.userId) };
}

/** Slack's own notice for an app that was too slow or could not be reached. */
export function showFailure(error: unknown, context: CommandContext, command: string): Post {
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  return notice(isTimeout ? "operation_timeout" : "dispatch_failed", context, command);
}

function notice(reason: "operation_timeout" | "dispatch_failed", { userId }: CommandContext, command: string): Post {
  const text = `${command} failed with the error "${reason}"`;
  return { author: "Slackbot", kind: "slackbot", text, attachments: [], onlyFor: userId };
}
