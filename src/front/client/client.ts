/**
 * A client that is typed by the contracts: `client.call(operation, {path, query, body})`. It knows no operation by name
 * and no platform: how bytes travel is the transport's business.
 */
import type { Static, TSchema } from "typebox";
import type { Operation } from "../../core/shared/contract.ts";
import { ApiError, apiErrorOf } from "./errors.ts";
import { eventReader, type ServerEvent } from "./event-reader.ts";
import { parseJson, stringifyJson } from "./json.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The answer may take as long as a function's run. */
  readonly patient?: true;
  /** Gets the text of a good answer as it comes; the answer itself has none then. */
  readonly heard?: (text: string) => void;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Where a list goes on: the header of decisions 7. */
  readonly next?: string;
}

/** Carries one request. @throws TransportError when no whole answer comes back. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** What goes into the holes of an operation. Undefined query values are left out. */
export interface CallArguments {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** A body that is sent as it is, of the type that `headers` say. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The part of an operation that a call needs. */
export type CallableOperation = Pick<Operation, "method" | "path"> & { readonly response?: TSchema };

/** The answer's type: the contract's, with the exact integers of runs as bigint. */
export type AnswerOf<O> = O extends { readonly response: infer S extends TSchema } ? Exact<Static<S>> : unknown;

type Exact<T> = T extends readonly (infer E)[]
  ? Exact<E>[]
  : T extends { executedTime?: number }
    ? Omit<T, "executedTime" | "finishedTime"> & { executedTime?: bigint; finishedTime?: bigint }
    : T;

export interface ClientOptions {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  readonly baseUrl: string;
  /** Organization and credential headers, sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: Transport;
}

export interface Client {
  /** @throws ApiError for an answer that is no success, TransportError when there is none. */
  call<O extends CallableOperation>(operation: O, values?: CallArguments): Promise<AnswerOf<O>>;
  /** Hands over the events of an answer that goes on, until it ends. @throws as `call` */
  follow(
    operation: CallableOperation,
    values: CallArguments,
    heard: (event: ServerEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** A list to its end, page by page; one page where a limit is asked for. @throws as `call` */
  all(operation: CallableOperation, values?: CallArguments): Promise<unknown[]>;
}

/** Makes a client for one server, organization and credential. */
export function createClient(options: ClientOptions): Client {
  return {
    async call<O extends CallableOperation>(operation: O, values: CallArguments = {}) {
      return bodyOf(await exchange(options, operation, values)) as AnswerOf<O>;
    },
    async follow(operation, values, heard, signal) {
      const request = requestOf(options, operation, values);
      const answer = await options.transport({ ...request, heard: eventReader(heard), signal });
      if (answer.status < 200 || answer.status > 299) throw apiError(answer);
    },
    async all(operation, values = {}) {
      const found: unknown[] = [];
      for await (const page of pages(options, operation, values)) for (const entry of page) found.push(entry);
      return found;
    },
  };
}

async function* pages(
  options: ClientOptions,
  operation: CallableOperation,
  values: CallArguments,
): AsyncGenerator<readonly unknown[]> {
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? values.query : { ...values.query, cursor };
    const answer = await exchange(options, operation, query === undefined ? values : { ...values, query });
    const page = bodyOf(answer);
    if (Array.isArray(page)) yield page;
    // A server that gives the same again would be asked for ever.
    cursor = answer.next === cursor ? undefined : answer.next;
  } while (cursor !== undefined && values.query?.limit === undefined);
}

async function exchange(
  options: ClientOptions,
  operation: CallableOperation,
  values: CallArguments,
): Promise<HttpAnswer> {
  const answer = await options.transport(requestOf(options, operation, values));
  if (answer.status < 200 || answer.status > 299) throw apiError(answer);
  return answer;
}

function requestOf(options: ClientOptions, operation: CallableOperation, values: CallArguments): HttpRequest {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  const url = options.baseUrl + pathOf(operation.path, values.path ?? {}) + queryOf(values.query ?? {});
  const runs = operation.method === "POST" && operation.path.startsWith("/v1/runs");
  const patient = runs ? ({ patient: true } as const) : {};
  if (values.text !== undefined)
    return { method: operation.method, url, headers: { ...headers, ...values.headers }, body: values.text };
  if (values.body === undefined) return { method: operation.method, url, headers, ...patient };
  headers["Content-Type"] = "application/json";
  return { method: operation.method, url, headers, body: stringifyJson(values.body), ...patient };
}

/** A part of a path; `.` and `..` would lead to another one, and nothing to the list. @throws ApiError */
function partOf(name: string, value: string): string {
  if (!/^\.{0,2}$/.test(value)) return encodeURIComponent(value);
  throw apiErrorOf(400, `${name} must be a name: ${JSON.stringify(value)} is none`, 400);
}

function pathOf(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_hole, name: string) => partOf(name, values[name] ?? ""));
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.append(name, String(value));
  return query.size === 0 ? "" : `?${query}`;
}

function bodyOf(answer: HttpAnswer): unknown {
  if (answer.text.trim() === "") return undefined;
  try {
    return parseJson(answer.text);
  } catch {
    throw new ApiError(answer.status, "the server's answer is not JSON: is this a Dispatch server?", answer.status);
  }
}

function apiError(answer: HttpAnswer): ApiError {
  const { code, message } = errorBody(answer.text);
  const text =
    typeof message === "string" && message !== "" ? message : `the server answered with status ${answer.status}`;
  return apiErrorOf(typeof code === "number" ? code : answer.status, text, answer.status);
}

function errorBody(text: string): { readonly code?: unknown; readonly message?: unknown } {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
