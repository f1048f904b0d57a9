/**
 * What is recorded of the HTTP request behind a run (decision 13): each fact once and 16 KB at most, for a record may stay
 * for long and its request came from a stranger. A run that begins again gets its facts from there.
 */

import { joinObjects } from "../shared/json-text.ts";

const LIMIT = 16 * 1024;

/** A longer value is cut when the whole is too long. */
const LONGEST_VALUE = 1024;

/** Second spellings of a fact: functions of both generations read them. */
const ALIASES: Readonly<Record<string, string>> = {
  request_uri: "request",
  "request-uri": "request",
  uri: "request",
  "server-protocol": "server_protocol",
  "upstream-uri": "upstream_uri",
  "remote-addr": "remote_addr",
};

type Context = Readonly<Record<string, unknown>>;

/** The names of what `repetitionsOf` adds: nothing else can have them. */
export const REPETITIONS: ReadonlySet<string> = new Set(["args", ...Object.keys(ALIASES)]);

/** What functions and callers see besides what is recorded. */
export function repetitionsOf<Value>(context: Readonly<Record<string, Value>>): Record<string, Value | string> {
  const repeated: Record<string, Value | string> = { args: queryOf(context.request) };
  for (const name in ALIASES) {
    const fact = context[ALIASES[name] ?? ""];
    if (fact !== undefined) repeated[name] = fact;
  }
  return repeated;
}

/** As functions and callers see it. */
export function wholeHttpContext(recorded: string | undefined): string | undefined {
  if (recorded === undefined) return undefined;
  const context = JSON.parse(recorded) as Context;
  if (typeof context.request !== "string") return recorded;
  const repeated = repetitionsOf(context);
  if (Object.keys(repeated).some((name) => name in context)) return JSON.stringify({ ...repeated, ...context });
  // What is recorded is a text already: most lists consist of it.
  return joinObjects(JSON.stringify(repeated), recorded);
}

function queryOf(target: unknown): string {
  const text = typeof target === "string" ? target : "";
  const mark = text.indexOf("?");
  return mark < 0 ? "" : text.slice(mark + 1);
}

/** The text as it is when it is short enough; else what fits, the last members first, and `truncated`. */
export function boundHttpContext(text: string | undefined): string | undefined {
  if (text === undefined || Buffer.byteLength(text) <= LIMIT) return text;
  let left = LIMIT - '{"truncated":true}'.length;
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(JSON.parse(text) as Context).reverse()) {
    const short = shorten(value);
    const size = Buffer.byteLength(JSON.stringify([name, short]));
    if (size > left) continue;
    left -= size;
    kept.unshift([name, short]);
  }
  return JSON.stringify({ ...Object.fromEntries(kept), truncated: true });
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE)}...`;
  return JSON.stringify(value).length <= LONGEST_VALUE ? value : "...";
}
