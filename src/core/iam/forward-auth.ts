/**
 * The judgement for a proxy that asks before it lets a request through (server.md 8.3): the same policies that every
 * operation of this server asks itself.
 */
import type { Action } from "../shared/contract.ts";
import type { Principal } from "../shared/principal.ts";
import type { Iam } from "./authorize.ts";

/** What the proxy says of the request that waits. */
export interface ForwardedRequest {
  readonly method: string | undefined;
  /** Path and query, as they came. */
  readonly path: string | undefined;
  /** "" when the request names none. */
  readonly organization: string;
}

const actions: Readonly<Record<string, Action>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};

/** The organization in which the request may go on; undefined when it may not. */
export function judgeForwarded(iam: Iam, principal: Principal, request: ForwardedRequest): string | undefined {
  const { method, path } = request;
  const organization = request.organization || principal.organization;
  if (!method || !path?.startsWith("/") || organization === "") return undefined;
  const resource = resourceOf(path);
  const action = actions[method.toUpperCase()];
  const allowed =
    resource === undefined
      ? isOwn(principal, organization)
      : action !== undefined && iam.permits(principal, { resource, action, organization });
  return allowed ? organization : undefined;
}

/** What is no resource is open to whoever belongs there. */
function isOwn({ kind, organization: home }: Principal, organization: string): boolean {
  return kind === "administrator" || home === organization;
}

/** The second segment, after dots and repeated slashes are cleaned: what the server behind the proxy will see. */
function resourceOf(path: string): string | undefined {
  const { pathname } = new URL(`http://proxy.invalid${path}`);
  return pathname.split("/").filter((segment) => segment !== "")[1];
}
