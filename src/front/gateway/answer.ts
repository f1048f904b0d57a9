/** What goes back to the caller, as data; and the one place that writes it. */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** A request that is answered without a run. The message is for the caller: what was wrong and how to fix it. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const json = { "Content-Type": "application/json" };

/** Bodies that the gateway makes end with a newline (wire-examples.md). */
export function jsonAnswer(status: number, body: object, headers: Answer["headers"] = {}): Answer {
  return { status, headers: { ...json, ...headers }, body: `${JSON.stringify(body)}\n` };
}

/** `{"message": ...}` without a code, as clients know it (server.md 5.6). */
export function refusalAnswer({ status, message, headers }: Refusal): Answer {
  return jsonAnswer(status, { message }, headers);
}

/** JSON text that needs no second encoding. */
export function jsonTextAnswer(text: string): Answer {
  return { status: 200, headers: json, body: `${text}\n` };
}

export function emptyAnswer(status: number): Answer {
  return { status, headers: {} };
}

/** With more headers; those that the answer already has, in whatever case, stay as they are. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  const merged: Record<string, string | readonly string[]> = { ...answer.headers };
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !hasHeader(answer, name.toLowerCase())) merged[name] = value;
  }
  return { ...answer, headers: merged };
}

function hasHeader({ headers }: Answer, name: string): boolean {
  for (const present in headers) if (present.length === name.length && present.toLowerCase() === name) return true;
  return false;
}

/** Statuses that must not have a body (RFC 9110). */
const bodiless = new Set([204, 205, 304]);

/** Writes the answer, with its exact length so that the connection can be used again. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  if (bodiless.has(status)) return void response.writeHead(status, headers as OutgoingHttpHeaders).end();
  const length = body === undefined ? 0 : Buffer.byteLength(body);
  response.writeHead(status, { ...headers, "Content-Length": length } as OutgoingHttpHeaders);
  // A text leaves together with the head, in one piece.
  response.end(body);
}
