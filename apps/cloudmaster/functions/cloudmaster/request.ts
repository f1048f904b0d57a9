/** What a run of `cloudmaster` is asked: by Slack through the gateway, or by the run before it. */
import { createHash } from "node:crypto";
import type { Context } from "../shared/context.ts";
import { textField } from "../shared/payload.ts";

export interface CommandRequest {
  /** What was typed behind the slash command. */
  readonly text: string;
  /** Where results go; without it the answer of the run is the result. */
  readonly responseUrl?: string;
  /** Slack's id of the person who asked. */
  readonly userId?: string;
  /** The same for a command that Slack sends twice. */
  readonly deduplicationKey?: string;
  /** This run does the work that an earlier run has announced. */
  readonly followUp: boolean;
}

/** Reads the fields of a slash command (slack-and-clouds.md 1a), or those that `followUpInput` wrote. */
export function readRequest(context: Context, payload: unknown): CommandRequest {
  const responseUrl = textField(payload, "response_url");
  const userId = textField(payload, "user_id");
  const triggerId = textField(payload, "trigger_id");
  return {
    text: textField(payload, "text") ?? "",
    // Only Dispatch itself starts follow-ups: what comes in through the gateway never is one.
    followUp: context.httpContext === undefined && textField(payload, "follow_up") === "yes",
    ...(responseUrl === undefined ? {} : { responseUrl }),
    ...(userId === undefined ? {} : { userId }),
    ...(triggerId === undefined ? {} : { deduplicationKey: digest(`${textField(payload, "team_id")} ${triggerId}`) }),
  };
}

/** The input of the run that does the work; `text` is the command in its plain spelling. */
export function followUpInput(text: string, responseUrl: string, userId: string | undefined): Record<string, string> {
  return { follow_up: "yes", text, response_url: responseUrl, ...(userId === undefined ? {} : { user_id: userId }) };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
