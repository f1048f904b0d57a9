/**
 * The head of a request, before anybody looks at what it asks for: one host, a target that is a path, a body whose coding is known
 * (RFC 9112, sections 3 and 6). What is wrong there is said in a sentence, for every listener alike.
 */
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from "node:http";

/** A header that stands twice counts with all of its values, so that a second one is seen; a missing host is refused here. */
export const headOptions = { joinDuplicateHeaders: true, requireHostHeader: false } as const satisfies ServerOptions;

const SLASH = 47;

/** The same listener, for requests with a sound head. */
export function withSoundHeads(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url?.charCodeAt(0) !== SLASH) toOriginForm(request);
    const fault = faultOf(request);
    if (fault === undefined) listener(request, response);
    else refuse(response, fault);
  };
}

/** Nothing but 100-continue can be expected; see heard-response.ts. */
export function refuseExpectations(server: Server): void {
  server.on("checkExpectation", ({ headers: { expect } }: IncomingMessage, response: ServerResponse) => {
    const message = `Expect: ${expect} cannot be met: leave the header out`;
    refuse(response, { code: 417, message });
  });
}

interface Fault {
  readonly code: number;
  readonly message: string;
}

/** Clients of a proxy send `http://host/path`: then the host is that one, whatever the Host header says (RFC 9112, section 3.2.2). */
function toOriginForm(request: IncomingMessage): void {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? "") ?? [];
  if (authority === undefined) return;
  request.headers.host = authority;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
}

/** The Host header that was found good last: nearly every request has the same. */
let goodHost: string | undefined;

function faultOf(request: IncomingMessage): Fault | undefined {
  const { host, "transfer-encoding": coding } = request.headers;
  if (host === undefined ? request.httpVersion !== "1.0" : host !== goodHost && !isHost(host))
    return hostFault(request);
  if (coding !== undefined && coding !== "chunked" && coding.toLowerCase() !== "chunked") return codingFault(coding);
  return request.url?.charCodeAt(0) === SLASH ? undefined : targetFault(request);
}

/** A name or an address, and maybe a port. */
function isHost(host: string): boolean {
  if (!/^(?:\[[^\s/\\?#@[\]]+\]|[^\s/\\?#@[\]:]*)(?::\d*)?$/.test(host)) return false;
  goodHost = host;
  return true;
}

function hostFault({ headers: { host }, rawHeaders }: IncomingMessage): Fault {
  if (host === undefined)
    return { code: 400, message: "the Host header is missing: it names the server that the request means" };
  const isMany = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host").length > 1;
  const message = isMany
    ? `the Host header stands more than once (${host}): send one`
    : `the Host header must be a name or an address, with a port or without one: "${host}"`;
  return { code: 400, message };
}

function codingFault(coding: string): Fault {
  const message = `the transfer coding "${coding}" is not known: send the body with its Content-Length, or as chunked`;
  return { code: 501, message };
}

/** `OPTIONS *` asks about the server as a whole. */
function targetFault({ method, url }: IncomingMessage): Fault | undefined {
  if (method === "OPTIONS" && url === "*") return undefined;
  return { code: 400, message: `the target of the request must be a path that begins with /: "${url}"` };
}

function refuse(response: ServerResponse, fault: Fault): void {
  // Where the next request begins is not to be believed.
  response.shouldKeepAlive = false;
  response.writeHead(fault.code, { "content-type": "application/json" }).end(JSON.stringify(fault));
}
