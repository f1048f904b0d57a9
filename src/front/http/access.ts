/** Who is calling? (decisions 15 and 16, server.md 2.2) A pure judgement over the request's headers and its listener. */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { DispatchError } from "../../core/shared/errors.ts";
import type { Principal } from "../../core/shared/principal.ts";

export interface AccessRules {
  readonly auth: "none" | "token";
  /** Whether this is the administrator's token; constant in time. */
  isAdministrator(token: string): boolean;
  /** The run that shows this token, if it is still going on. */
  runOf(token: string): { readonly id: string; readonly organization: string } | undefined;
}

export interface Caller {
  readonly headers: IncomingHttpHeaders;
  /** Set when the connection came through the function door of that organization. */
  readonly door: string | undefined;
}

/** The principal, with the organization that it belongs to; `asked` is the header's. @throws UNAUTHENTICATED, FORBIDDEN */
export function authenticate(rules: AccessRules, { headers, door }: Caller): Principal {
  const token = bearerOf(headers.authorization);
  const run = token === undefined ? undefined : rules.runOf(token);
  if (run !== undefined && (door === undefined || door === run.organization)) {
    return { kind: "function", id: run.id, organization: run.organization, via: "door" };
  }
  if (!headers.cookie && !headers.authorization) throw new DispatchError("UNAUTHENTICATED");
  if (door !== undefined) return { kind: "function", id: "unidentified", organization: door, via: "door" };
  if (token !== undefined && rules.isAdministrator(token)) return administrator;
  if (rules.auth === "token") throw new DispatchError("UNAUTHENTICATED");
  refuseForeignPages(headers);
  return administrator;
}

/** Whoever holds the administrator's token, or anybody under `--auth none`. */
export const administrator: Principal = { kind: "administrator", id: "administrator", organization: "", via: "rest" };

/** Under `--auth none` only pages and names of this machine may call: DNS rebinding ends here. */
export function refuseForeignPages({ host, origin }: IncomingHttpHeaders): void {
  if (host === undefined || !isLoopbackName(hostNameOf(host))) {
    const message = `the name ${host ?? ""} in the Host header is not this machine's loopback: use 127.0.0.1 or localhost, or start the server with --auth token`;
    throw new DispatchError("FORBIDDEN", { message });
  }
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    throw new DispatchError("FORBIDDEN", {
      message: `pages of ${origin} may not call this server while it runs with --auth none`,
    });
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1];
}

function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d+$/, "");
}

function isLoopbackName(name: string): boolean {
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

function isLoopbackOrigin(origin: string): boolean {
  try {
    return isLoopbackName(hostNameOf(new URL(origin).host));
  } catch {
    return false;
  }
}
