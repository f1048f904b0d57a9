/** Who is calling? (decisions 15 and 16, server.md 2.2 and 8.2) A judgement over the request's headers and its listener. */
import type { IncomingHttpHeaders } from "node:http";
import { isJsonWebToken } from "../../core/iam/bearer-token.ts";
import { runOfToken } from "../../core/runs/run-token.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { isLoopback } from "../../core/shared/loopback.ts";
import type { Principal } from "../../core/shared/principal.ts";

export interface AccessRules {
  readonly auth: "none" | "token";
  /** Whether the API listens on the loopback only: then nobody has a reason to call it by another name. */
  readonly loopbackOnly: boolean;
  /** Origins of pages that may call under `--auth none`, besides the server's own. */
  readonly origins: ReadonlySet<string>;
  /** Whether this is the administrator's token; constant in time. */
  isAdministrator(token: string): boolean;
  /** The run that shows this token, if it is still going on. */
  runOf(token: string): Principal | undefined;
  /** The service account that signed this JSON Web Token. @throws INVALID_CREDENTIALS with the reason */
  accountOf(token: string): Promise<Principal>;
}

/** Where a connection through the function door comes from. */
export interface DoorConnection {
  readonly organization: string;
  /** The run that the worker at its other end is busy with, or the event driver there; undefined when there is none. */
  run(): Promise<Principal | undefined>;
}

/**
 * The principal, with the organization that it belongs to. Under `--auth none` credentials are not looked at, because old
 * clients send anything; but a run that shows its token stays a run, and one that has ended is nobody.
 * @throws UNAUTHENTICATED, INVALID_CREDENTIALS
 */
export function authenticate(rules: AccessRules, headers: IncomingHttpHeaders): Principal | Promise<Principal> {
  const token = bearerOf(headers.authorization);
  if (token !== undefined && runOfToken(token) !== undefined) return rules.runOf(token) ?? refuseToken();
  if (!headers.cookie && !headers.authorization) throw new DispatchError("UNAUTHENTICATED");
  if (token !== undefined && rules.isAdministrator(token)) return administrator;
  if (rules.auth === "token") return accountOf(rules, headers.authorization, token);
  return administrator;
}

/**
 * Who calls through the function door: the run whose token is shown, else the run that the worker at the other end is busy
 * with. Nobody else gets in there, and no other credential counts (decisions 16).
 * @throws UNAUTHENTICATED, INVALID_CREDENTIALS
 */
export async function authenticateAtDoor(
  { runOf }: Pick<AccessRules, "runOf">,
  { authorization, cookie }: IncomingHttpHeaders,
  { organization, run }: DoorConnection,
): Promise<Principal> {
  if (authorization) {
    const principal = runOf(bearerOf(authorization) ?? "");
    return principal?.organization === organization ? principal : refuseToken();
  }
  const principal = await run();
  // Asked for all the same: an event driver says hello with a request that shows nothing.
  if (!cookie) throw new DispatchError("UNAUTHENTICATED");
  if (principal !== undefined) return principal;
  const message =
    "nobody is known at the other end of this connection: only functions may call here, while they run, and event drivers";
  throw new DispatchError("INVALID_CREDENTIALS", { message });
}

/** @throws INVALID_CREDENTIALS */
function refuseToken(): never {
  const message = "this is not the token of a run that is going on: context.dispatch.token is, until its run ends";
  throw new DispatchError("INVALID_CREDENTIALS", { message });
}

function accountOf(
  rules: AccessRules,
  authorization: string | undefined,
  token: string | undefined,
): Promise<Principal> {
  if (authorization && token === undefined) {
    const message = "invalid Authorization header, it must be of form 'Authorization: Bearer <token>'";
    throw new DispatchError("INVALID_CREDENTIALS", { message });
  }
  if (token === undefined || !isJsonWebToken(token)) throw new DispatchError("UNAUTHENTICATED");
  return rules.accountOf(token);
}

/** Whoever calls an operation that needs no credential. */
export const anonymous: Principal = { kind: "anonymous", id: "anonymous", organization: "", via: "rest" };

/** Whoever holds the administrator's token, or anybody under `--auth none`. */
export const administrator: Principal = { kind: "administrator", id: "administrator", organization: "", via: "rest" };

/**
 * Under `--auth none` only names of this machine and the server's own pages may call, whatever they ask for: DNS rebinding
 * ends here. A page of another port is another program's page, maybe another user's. Where the API was put on another
 * address on purpose it has other names, too. @throws FORBIDDEN
 */
export function refuseForeignPages(
  rules: Pick<AccessRules, "auth" | "loopbackOnly" | "origins">,
  headers: IncomingHttpHeaders,
): void {
  if (rules.auth !== "none") return;
  const { host, origin } = headers;
  if (rules.loopbackOnly && !isLoopbackHost(host)) {
    const what = host ? `the name ${host} in the Host header is` : "the Host header is empty, which is";
    const message = `${what} not this machine's loopback: use 127.0.0.1 or localhost, or start the server with --auth token`;
    throw new DispatchError("FORBIDDEN", { message });
  }
  if (origin !== undefined && !isSameHost(origin, host) && !rules.origins.has(origin)) {
    const message = `pages of ${origin} may not call this server while it runs with --auth none: name their origin with --allow-origin, or start it with --auth token`;
    throw new DispatchError("FORBIDDEN", { message });
  }
  if (origin === undefined && isEmbedded(headers)) {
    const message = "other servers' pages may not embed answers of this server while it runs with --auth none";
    throw new DispatchError("FORBIDDEN", { message });
  }
}

/** Another site's page loads it as an image, a script, a frame ...: browsers say so (Fetch Metadata). A link may be followed. */
function isEmbedded(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return false;
  return headers["sec-fetch-mode"] !== "navigate" || headers["sec-fetch-dest"] !== "document";
}

/** The Host header that was found good last: nearly every request has the same. */
let goodHost: string | undefined;

/** Without the header, as HTTP/1.0 allows, it is a health check or an old program: browsers always send it. */
function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  if (host === goodHost) return true;
  if (!isLoopback(hostNameOf(host))) return false;
  goodHost = host;
  return true;
}

function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1];
}

function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d+$/, "");
}

function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Whether a URL, or an Origin, means this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  try {
    return isLoopback(hostNameOf(new URL(origin).host));
  } catch {
    return false;
  }
}
