/** Requests over node:http and node:https: a third of what the first `fetch` of a process costs. */
import type * as Http from "node:http";
import type * as Https from "node:https";
import type * as Net from "node:net";
import type * as Tls from "node:tls";
import type { HttpAnswer, HttpRequest, Transport } from "./client.ts";
import { type Environment, ownAuthorities, proxiesFor, proxyName, refuseForeignProxy } from "./environment.ts";
import { TransportError } from "./errors.ts";
import { plainGet } from "./plain-get.ts";

export interface TransportOptions {
  /** Accept any certificate. */
  readonly insecure: boolean;
  /** Names proxies, and files with certificate authorities beyond Node's own, which are read for https only. */
  readonly environment: Environment;
}

/** A transport for one process: a connection per request. */
export function nodeTransport(options: TransportOptions): Transport {
  return async (request) => {
    try {
      return (await briefly(request, options)) ?? (await exchange(request, options));
    } catch (cause) {
      throw new TransportError(request.method, request.url, cause, proxyName(request.url, options.environment));
    }
  };
}

/** The usual question, asked without node:http; undefined where that is needed. */
async function briefly(request: HttpRequest, { environment }: TransportOptions): Promise<HttpAnswer | undefined> {
  const { method, url: text, headers, heard, signal } = request;
  const url = new URL(text);
  const isUsual = url.protocol === "http:" && proxiesFor(text, environment) === undefined;
  if (method !== "GET" || !isUsual || heard || signal) return undefined;
  return plainGet(url, headers, () => bounded(connect(url)), LONGEST_ANSWER);
}

/** A connection that ends with an error when the server is silent, or does not come to an end. */
function bounded(socket: Net.Socket): Net.Socket {
  const slow = setTimeout(() => socket.destroy(new Error(ENDLESS)), LONGEST_READING);
  return socket
    .setTimeout(LONGEST_SILENCE, () => socket.destroy(new Error(SILENT)))
    .once("close", () => clearTimeout(slow));
}

function exchange(request: HttpRequest, options: TransportOptions): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const outgoing = openRequest(request, options);
  deadline(outgoing, request);
  outgoing.on("error", reject);
  outgoing.on("response", (response) => void read(response, request).then(resolve, reject));
  sendBody(outgoing, request.body);
  return promise;
}

/** Milliseconds without a byte in either direction. */
const LONGEST_SILENCE = 120_000;
const SILENT = `the server was silent for ${LONGEST_SILENCE / 1000} s`;

/** A server that sends nothing is given up; a call that waits for a run has no deadline besides the run's own. */
export function deadline(outgoing: Http.ClientRequest, { patient }: HttpRequest): void {
  if (patient) return;
  outgoing.setTimeout(LONGEST_SILENCE, () => outgoing.destroy(new Error(SILENT)));
}

/** Bytes from which the server is asked before they are sent. */
const LARGE = 1024 * 1024;
/** Servers that do not know the question are sent the body after this. */
const PATIENCE_MS = 1000;

/** A large body is sent when the server asks for it: a refusal comes before any of it is sent. */
export function sendBody(outgoing: Http.ClientRequest, body: string | undefined): void {
  if (outgoing.getHeader("expect") === undefined) return void outgoing.end(body);
  const send = (): void => {
    clearTimeout(patience);
    if (!outgoing.destroyed && !outgoing.writableEnded) outgoing.end(body);
  };
  const patience = setTimeout(send, PATIENCE_MS);
  outgoing.once("continue", send);
  for (const end of ["response", "error", "close"]) outgoing.once(end, () => clearTimeout(patience));
}

// An `import` of node:http asks for every export, the lazy ones of fetch and WebSocket too, and doubles Node's start.
export function builtin<T>(name: string): T {
  return process.getBuiltinModule(name) as T;
}

/** A request on a connection of its own, not yet sent. */
export function openRequest(
  request: HttpRequest,
  options: TransportOptions,
  more: Tls.ConnectionOptions = {},
): Http.ClientRequest {
  refuseForeignProxy(request.url, options.environment);
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:";
  const { Agent, request: open } = builtin<typeof Http | typeof Https>(isSecure ? "node:https" : "node:http");
  const proxyEnv = proxiesFor(request.url, options.environment);
  const direct = isSecure ? { agent: false } : { createConnection: () => connect(url) };
  const way = proxyEnv === undefined ? direct : { agent: new Agent({ proxyEnv: { ...proxyEnv } }) };
  const tls = isSecure ? { ...tlsOptions(options), ...more } : {};
  const { method, signal } = request;
  return open(url, {
    method,
    headers: withLength(request),
    ...way,
    ...tls,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The connection of one request: an agent, which keeps several, takes longer to start. */
function connect({ hostname, port }: URL): Net.Socket {
  const host = hostname.replace(/^\[|\]$/g, "");
  return builtin<typeof Net>("node:net").connect({ host, port: Number(port || 80) });
}

/** The headers, with the length of the body. */
export function withLength(request: HttpRequest): Record<string, string> {
  if (request.body === undefined) return request.headers;
  const length = Buffer.byteLength(request.body);
  const asked = length > LARGE ? { Expect: "100-continue" } : {};
  return { ...request.headers, ...asked, "Content-Length": String(length) };
}

/** How certificates are checked. @throws Error when a file with more authorities cannot be read */
export function tlsOptions(options: TransportOptions): Tls.ConnectionOptions {
  if (options.insecure) return { rejectUnauthorized: false };
  const own = ownAuthorities(options.environment);
  return own.length === 0 ? {} : { ca: [...builtin<typeof Tls>("node:tls").getCACertificates("default"), ...own] };
}

/** Bytes and milliseconds of one answer: a list of runs may be large, an endless one is an attack. */
const LONGEST_ANSWER = 256 * 1024 * 1024;
const LONGEST_READING = 600_000;
const ENDLESS = "the answer does not end";

/** The whole answer, unless somebody hears it as it comes. @throws Error for one that breaks off */
export function read(response: Http.IncomingMessage, { heard }: HttpRequest): Promise<HttpAnswer> {
  const { statusCode: status = 0 } = response;
  return heard === undefined || status > 299 ? collect(response) : hear(response, status, heard);
}

async function hear(
  response: Http.IncomingMessage,
  status: number,
  heard: (text: string) => void,
): Promise<HttpAnswer> {
  response.setEncoding("utf8");
  for await (const text of response as AsyncIterable<string>) heard(text);
  return { status, text: "" };
}

/** The whole answer. @throws Error for one that does not end */
export async function collect(response: Http.IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const slow = setTimeout(() => response.destroy(new Error(ENDLESS)), LONGEST_READING);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LONGEST_ANSWER) throw new Error(`the answer is larger than ${LONGEST_ANSWER / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(slow);
  }
  const next = response.headers["x-dispatch-next-cursor"];
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, text, ...(typeof next === "string" ? { next } : {}) };
}
