/** HTTP as clouds speak it: deadlines, polite retries, and errors that say what came back. */
import { setTimeout as delay } from "node:timers/promises";

export interface RestRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Absolute. Only calls that may be repeated are made here: each is idempotent by the cloud's own mechanism. */
  readonly url: string;
  /** Names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a URLSearchParams as a form. */
  readonly body?: unknown;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined for an empty one. */
  readonly body: unknown;
}

/** How bodies of answers are read. */
export interface Format {
  /** What the request accepts. */
  readonly accept: string;
  /** What a text that cannot be parsed is not, for example `JSON`. */
  readonly name: string;
  /** @throws Error when the text is something else. */
  readonly parse: (text: string) => unknown;
  /** The cloud's own words in the body of a refusal. */
  readonly words: (body: unknown) => string | undefined;
}

/** Google, Azure and Microsoft Entra put their words in `error.message` or `error_description`. */
const JSON_FORMAT: Format = {
  accept: "application/json",
  name: "JSON",
  parse: (text) => JSON.parse(text),
  words: (body) => textAt(body, "error", "message") ?? textAt(body, "error_description") ?? textAt(body, "message"),
};

export interface RestOptions {
  /** How the cloud is called in messages, for example `Azure`. */
  readonly cloud: string;
  /** Milliseconds that one request may take. */
  readonly timeoutMs?: number;
  /** How often a request is tried in all. */
  readonly attempts?: number;
  /** Milliseconds before the second try; it doubles from try to try. */
  readonly firstDelayMs?: number;
  /** JSON when absent. */
  readonly format?: Format;
}

export type Send = (request: RestRequest) => Promise<RestAnswer>;

/** The cloud refused: an HTTP status of 400 or more. */
export class RestError extends Error {
  override name = "RestError";
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, message: string, body: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** The cloud could not be asked, or its answer was not understood. The message is for people. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

const BUSY = new Set([408, 429, 500, 502, 503, 504]);
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_DELAY_MS = 30_000;

/**
 * Sends requests, and again while the cloud is busy or the connection breaks.
 * @returns a function that throws RestError when the cloud refused, UnreachableError when it could not be understood.
 */
export function createSend(options: RestOptions): Send {
  const { cloud, timeoutMs = 30_000, attempts = 5, firstDelayMs = 500, format = JSON_FORMAT } = options;
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await once({ cloud, request, timeoutMs, format }).catch((error: unknown) => error);
      const last = attempt >= attempts;
      if (answer instanceof UnreachableError) {
        if (last) throw answer;
      } else if (!isAnswer(answer)) throw answer;
      else if (answer.status < 400) return answer;
      else if (last || !BUSY.has(answer.status))
        throw new RestError(answer.status, sentence(cloud, format, answer), answer.body);
      await delay(waitMs(isAnswer(answer) ? answer.headers : undefined, firstDelayMs * 2 ** (attempt - 1)));
    }
  };
}

/** Milliseconds to wait: what `Retry-After` asks for (RFC 9110 10.2.3, seconds or a date), else `otherwise` with jitter. */
export function waitMs(headers: Headers | undefined, otherwise: number): number {
  const asked = headers?.get("retry-after");
  const seconds = asked === null || asked === undefined ? Number.NaN : Number(asked);
  const until = Number.isNaN(seconds) ? Date.parse(asked ?? "") - Date.now() : seconds * 1000;
  const wait = Number.isNaN(until) ? otherwise * (0.5 + Math.random()) : until;
  return Math.min(Math.max(wait, 0), MAX_DELAY_MS);
}

interface Attempt {
  readonly cloud: string;
  readonly request: RestRequest;
  readonly timeoutMs: number;
  readonly format: Format;
}

async function once({ cloud, request, timeoutMs, format }: Attempt): Promise<RestAnswer> {
  const { method, url, headers } = request;
  const { type, text } = encode(request.body);
  try {
    const response = await fetch(url, {
      method,
      headers: { accept: format.accept, ...(type === undefined ? {} : { "content-type": type }), ...headers },
      ...(text === undefined ? {} : { body: text }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: response.headers, body: await readBody(cloud, format, response) };
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    throw new UnreachableError(`${cloud} cannot be reached: ${reason(error, timeoutMs)}`, { cause: error });
  }
}

function encode(body: unknown): { readonly type?: string; readonly text?: string } {
  if (body === undefined) return {};
  if (body instanceof URLSearchParams) return { type: "application/x-www-form-urlencoded", text: body.toString() };
  return { type: "application/json", text: JSON.stringify(body) };
}

async function readBody(cloud: string, format: Format, response: Response): Promise<unknown> {
  const text = await readText(cloud, response);
  if (text.trim() === "") return undefined;
  try {
    return format.parse(text);
  } catch {
    if (response.status >= 400) return undefined;
    const what = /^\s*<(?!\?xml)/.test(text) ? "a web page" : `something that is no ${format.name}`;
    throw new UnreachableError(`${cloud} answered ${what} (HTTP ${response.status}): is a proxy in between?`);
  }
}

async function readText(cloud: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new UnreachableError(`${cloud} answered more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isAnswer(value: unknown): value is RestAnswer {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value;
}

function sentence(cloud: string, format: Format, { status, body }: RestAnswer): string {
  const words = format.words(body);
  return words === undefined
    ? `${cloud} answered HTTP ${status}`
    : `${cloud}: ${words.split("\r\n")[0]} (HTTP ${status})`;
}

/** The text at a path of member names, when there is one. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The value at a path of member names, or undefined. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current: unknown = value;
  for (const name of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[name];
  }
  return current;
}

/** The list at a path of member names; empty when there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "the connection failed";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} seconds`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
