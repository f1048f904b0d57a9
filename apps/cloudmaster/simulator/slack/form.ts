import { randomBytes } from "node:crypto";
import { encodeSlack } from "../../functions/shared/escape.ts";

/** A person of the workspace. */
export interface User {
  readonly id: string;
  readonly name: string;
}

/** The person who types when nobody is named. */
export const ALICE: User = { id: "U0ALICE01", name: "alice" };

export interface TypedCommand {
  /** With its slash. */
  readonly command: string;
  readonly text: string;
  readonly user: User;
  readonly responseUrl: string;
}

/** The body of a slash command: all fields that Slack sends (slack-and-clouds.md 1a), form-encoded. */
export function commandForm({ command, text, user, responseUrl }: TypedCommand): string {
  return new URLSearchParams({
    token: "gIkuvaNzQIHg97ATvDxqgjtO",
    team_id: "T0001",
    team_domain: "example",
    channel_id: "C2147483705",
    channel_name: "general",
    user_id: user.id,
    user_name: user.name,
    command,
    text: encodeSlack(text),
    api_app_id: "A123456",
    is_enterprise_install: "false",
    response_url: responseUrl,
    trigger_id: `13345224609.738474920.${randomBytes(16).toString("hex")}`,
  }).toString();
}
