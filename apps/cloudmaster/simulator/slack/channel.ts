/** A channel of the pretended workspace: what was said, by whom, and who sees it. */

export interface ShownField {
  readonly title: string;
  readonly value: string;
  readonly short: boolean;
}

export interface ShownAttachment {
  readonly color?: string;
  readonly title?: string;
  readonly text?: string;
  readonly fallback?: string;
  readonly fields: readonly ShownField[];
}

export interface Post {
  readonly author: string;
  readonly text: string;
  readonly attachments: readonly ShownAttachment[];
  /** Only this user sees it; absent: everybody does. */
  readonly onlyFor?: string;
  /** `slackbot` posts are Slack's own notices. */
  readonly kind: "person" | "app" | "slackbot";
  /** How long after the command that it answers; milliseconds. */
  readonly afterMs?: number;
}

/** The name under which the app posts. */
export const APP_NAME = "cloudmaster";

/** Slack's own answer to what an app sent: a message, or why it is none. */
export type ReadMessage =
  | {
      readonly responseType: "ephemeral" | "in_channel";
      readonly text: string;
      readonly attachments: ShownAttachment[];
    }
  | { readonly invalid: string };

/** Who sees a message of the app besides the person who typed the command. */
export function audience(responseType: "ephemeral" | "in_channel", userId: string): { readonly onlyFor?: string } {
  return responseType === "ephemeral" ? { onlyFor: userId } : {};
}

/** Reads the JSON of an app's message as Slack does: unknown keys are ignored, without text or attachments it is refused. */
export function readMessage(value: unknown): ReadMessage {
  if (!isRecord(value)) return { invalid: "invalid_payload" };
  const text = typeof value.text === "string" ? value.text : "";
  const attachments = Array.isArray(value.attachments) ? value.attachments.filter(isRecord).map(readAttachment) : [];
  if (text === "" && attachments.length === 0) return { invalid: "no_text" };
  return { responseType: value.response_type === "in_channel" ? "in_channel" : "ephemeral", text, attachments };
}

/** As `readMessage`, from the text of a body. */
export function parseMessage(json: string): ReadMessage {
  try {
    return readMessage(JSON.parse(json));
  } catch {
    return { invalid: "invalid_payload" };
  }
}

function readAttachment(value: Record<string, unknown>): ShownAttachment {
  const texts = ["color", "title", "text", "fallback"].filter((key) => typeof value[key] === "string");
  const fields = Array.isArray(value.fields) ? value.fields.filter(isRecord).map(readField) : [];
  return { ...Object.fromEntries(texts.map((key) => [key, value[key]])), fields };
}

function readField(value: Record<string, unknown>): ShownField {
  return { title: String(value.title ?? ""), value: String(value.value ?? ""), short: value.short === true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
