import type { Context } from "../shared/context.ts";
import { escapeSlack } from "../shared/escape.ts";
import { textField } from "../shared/payload.ts";

/** Function `echo`: answers with the text of its input, in the form that Slack shows. */
export default function echo(_context: Context, payload: unknown): { text: string } {
  return { text: escapeSlack(textField(payload, "text") ?? "") };
}
