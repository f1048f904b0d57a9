/** What a handler gets as its first argument (server.md 4.6, decisions 13, 16 and 18b), written as text around the caller's own input. */
import { contextEvent } from "../cloud-events/cloud-event.ts";

export interface ContextParts {
  readonly secrets: Readonly<Record<string, string>>;
  readonly event: string | undefined;
  readonly httpContext: string | undefined;
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
  readonly run: { readonly id: string; readonly attempt: number; readonly idempotencyKey: string | undefined };
  /** The function door. */
  readonly dispatch: {
    readonly url: string;
    readonly token: string;
    readonly organization: string;
    readonly application: string;
  };
}

/** The envelope for the worker: `{"context":{...},"payload":<input>}`. The deadline begins now. */
export function envelopeText(parts: ContextParts, input: string | undefined): string {
  const { run, dispatch } = parts;
  const key = run.idempotencyKey === undefined ? "" : `,"idempotencyKey":${JSON.stringify(run.idempotencyKey)}`;
  let context = `{"secrets":${JSON.stringify(parts.secrets)},"serviceBindings":{}`;
  if (parts.event !== undefined) context += `,"event":${contextEvent(parts.event)}`;
  if (parts.httpContext !== undefined) context += `,"httpContext":${parts.httpContext}`;
  if (parts.timeout > 0) context += `,"deadline":"${new Date(Date.now() + parts.timeout).toISOString()}"`;
  context += `,"run":{"id":"${run.id}","attempt":${run.attempt}${key}}`;
  context += `,"dispatch":{"url":"${dispatch.url}","token":"${dispatch.token}","organization":${JSON.stringify(dispatch.organization)}`;
  context += `,"application":${JSON.stringify(dispatch.application)}}}`;
  return `{"context":${context},"payload":${input ?? "null"}}`;
}
