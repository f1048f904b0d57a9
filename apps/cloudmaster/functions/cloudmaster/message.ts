/** Slack messages. Everything that is put into one is escaped here, and only here. */
import { escapeSlack } from "../shared/escape.ts";

/** Slack's own names of colours. */
export type Color = "good" | "warning" | "danger";

export interface Field {
  readonly title: string;
  readonly value: string;
  readonly short: boolean;
}

export interface Attachment {
  readonly color: Color;
  readonly title: string;
  /** What phones and notifications show instead. */
  readonly fallback: string;
  readonly text?: string;
  readonly fields?: readonly Field[];
}

/** An answer to a slash command, now or later through its `response_url`. */
export interface Message {
  readonly response_type: "ephemeral" | "in_channel";
  readonly text: string;
  readonly attachments?: readonly Attachment[];
}

/** Builds an attachment from plain text. */
export function attachment(
  color: Color,
  title: string,
  body: { readonly text?: string; readonly fields?: readonly Field[] } = {},
): Attachment {
  const text = body.text === undefined ? {} : { text: escapeSlack(body.text) };
  const fields = body.fields === undefined ? {} : { fields: body.fields.map(escapeField) };
  return { color, title: escapeSlack(title), fallback: escapeSlack(fallback(title, body)), ...text, ...fields };
}

/** A message that only the person who typed the command sees. */
export function privately(text: string, attachments: readonly Attachment[] = []): Message {
  return message("ephemeral", escapeSlack(text), attachments);
}

/** A message for the whole channel; `askedBy` is a Slack user id, named so that people see whose command it was. */
export function publicly(text: string, attachments: readonly Attachment[], askedBy?: string): Message {
  const mention = askedBy !== undefined && /^[UW][A-Z0-9]+$/.test(askedBy) ? ` (asked by <@${askedBy}>)` : "";
  return message("in_channel", escapeSlack(text) + mention, attachments);
}

function message(type: Message["response_type"], text: string, attachments: readonly Attachment[]): Message {
  return { response_type: type, text, ...(attachments.length > 0 ? { attachments } : {}) };
}

function escapeField(field: Field): Field {
  return { title: escapeSlack(field.title), value: escapeSlack(field.value), short: field.short };
}

function fallback(title: string, body: { readonly text?: string; readonly fields?: readonly Field[] }): string {
  const fields = (body.fields ?? []).map((field) => `${field.title}: ${field.value}`);
  return [title, ...(body.text === undefined ? [] : [body.text]), ...fields].join("\n");
}
