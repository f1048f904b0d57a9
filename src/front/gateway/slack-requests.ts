/** What is particular about requests from Slack: certificate checks and repetitions. */
import { urlencodedFields } from "./form.ts";

/** Bytes; a certificate check has a few dozen. Longer bodies are parsed only after their signature was checked. */
const LONGEST_CHECK = 1024;

/** Slack asks now and then whether the URL answers, by GET: an empty 200 is the whole answer. */
export function isSslCheckQuery(method: string, query: string): boolean {
  return method === "GET" && asksSslCheck(query);
}

/** The same by an unsigned POST. */
export function isSslCheckForm(contentType: string | undefined, body: Buffer): boolean {
  if (body.length >= LONGEST_CHECK || !/^application\/x-www-form-urlencoded\b/i.test(contentType ?? "")) return false;
  return asksSslCheck(body.toString("latin1"));
}

/** Exactly the value 1, exactly once. */
function asksSslCheck(form: string): boolean {
  if (form.length >= LONGEST_CHECK || !form.includes("ssl_check")) return false;
  const values = urlencodedFields(form).filter(([name]) => name === "ssl_check");
  return values.length === 1 && values[0]?.[1] === "1";
}

/**
 * The same for a command that Slack sends again or whose user pressed Enter twice on one trigger, and for an event that
 * is delivered again. Undefined when the input has no such marks.
 */
export function slackIdempotencyKey(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { team_id: team, trigger_id: trigger, event_id: event } = input as Readonly<Record<string, unknown>>;
  if (typeof team !== "string") return undefined;
  if (typeof trigger === "string") return `slack:${team}:${trigger}`;
  return typeof event === "string" ? `slack:${team}:event:${event}` : undefined;
}
