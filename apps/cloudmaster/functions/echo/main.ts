import type { Context } from "../shared/context.ts";
import { textField } from "../shared/payload.ts";

/** The input as it came, and with it the part of the context that tells of the request. */
export type Echo = Readonly<Record<string, unknown>> & { readonly context: EchoedContext };

interface EchoedContext {
  readonly httpContext: Readonly<Record<string, unknown>>;
  /** Names only: results are on record, values of secrets never are. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly serviceBindings: Readonly<Record<string, unknown>>;
}

/**
 * Function `echo`: gives back its whole input with `context`. Slack shows the input's `text` as the answer, which it has
 * escaped itself, and takes no notice of the rest.
 */
export default function echo(context: Context, payload: unknown): Echo {
  const fields = isRecord(payload) ? payload : { text: asText(payload) };
  const silent = isRecord(payload) && "command" in payload && textField(payload, "text") === undefined;
  return { ...fields, ...(silent ? SILENCE : {}), context: echoed(context) };
}

/** Slack refuses a message without text. */
const SILENCE = { attachments: [{ fallback: "(no text)", text: "Nothing was typed behind the command." }] };

function echoed({ httpContext = {}, secrets = {}, serviceBindings = {} }: Context): EchoedContext {
  const names = Object.keys(secrets).map((name) => [name, "***"] as const);
  return { httpContext, secrets: Object.fromEntries(names), serviceBindings };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
