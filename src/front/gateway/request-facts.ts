/** The facts of a request line and its way here, read once (server.md 5.2 and 5.3, decision 11). */
import type { IncomingMessage } from "node:http";
import { hostKey } from "../../core/apis/host-names.ts";
import { Refusal } from "./answer.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

export interface RequestFacts {
  readonly method: string;
  /** As sent, with the query. */
  readonly target: string;
  /** Percent-decoded. */
  readonly path: string;
  /** Without the question mark, as sent. */
  readonly query: string;
  /** Without port, as `hostKey` makes it; "" when there is none. */
  readonly host: string;
  readonly scheme: "http" | "https";
  /** The caller's address, as far as trusted proxies vouch for it; "" when the connection is gone. */
  readonly clientAddress: string;
  /** The other end of the connection may speak for the caller. */
  readonly viaTrustedProxy: boolean;
}

/** @throws Refusal 400 when the path is not decodable. */
export function requestFacts(request: IncomingMessage, proxies: TrustedProxies): RequestFacts {
  const { url: target = "/" } = request;
  const { path: encoded, query } = splitTarget(target);
  const forwarded = request.headers["x-forwarded-proto"] ?? request.headers["x-forwarded-for"];
  const viaTrustedProxy = forwarded !== undefined && proxies.includes(request.socket.remoteAddress);
  return {
    method: request.method ?? "GET",
    target,
    path: decodePath(encoded),
    query,
    host: hostName(request.headers.host ?? ""),
    scheme: scheme(request, viaTrustedProxy),
    clientAddress: clientAddress(request, viaTrustedProxy ? proxies : undefined),
    viaTrustedProxy,
  };
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refusal(400, "the path of the request is not valid percent-encoding");
  }
}

/** Up to the port; IPv6 literals keep their colons (`[::1]:8081` is `::1`). */
function hostName(header: string): string {
  if (header.startsWith("[")) return hostKey(header.slice(0, header.indexOf("]") + 1));
  const colon = header.indexOf(":");
  return hostKey(colon < 0 ? header : header.slice(0, colon));
}

function scheme(request: IncomingMessage, viaTrustedProxy: boolean): "http" | "https" {
  if ("encrypted" in request.socket) return "https";
  if (!viaTrustedProxy) return "http";
  // Of several values the last is the trusted proxy's own; the caller may have forged those before it.
  const said = list(request.headers["x-forwarded-proto"]).at(-1);
  return said?.toLowerCase() === "https" ? "https" : "http";
}

/** Characters at the end of the header that are read: enough for every real chain of proxies. A caller may send more. */
const LONGEST_WAY = 2048;

/** The last address on the way that no trusted proxy has. */
function clientAddress(request: IncomingMessage, proxies: TrustedProxies | undefined): string {
  const peer = request.socket.remoteAddress ?? "";
  if (proxies === undefined) return peer;
  const way = list(request.headers["x-forwarded-for"]);
  return way.findLast((address) => !proxies.includes(address)) ?? way[0] ?? peer;
}

function list(header: string | string[] | undefined): string[] {
  return String(header ?? "")
    .slice(-LONGEST_WAY)
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");
}
