/**
 * The judgement for a proxy that asks before it lets a request through (server.md 8.3): the same policies that every
 * operation of this server asks itself.
 */

import type { Iam, Right } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";

/** What the proxy says of the request that waits. */
export interface ForwardedRequest {
  readonly method: string | undefined;
  /** Path and query, as they came. */
  readonly path: string | undefined;
  /** "" when the request names none. */
  readonly organization: string;
}

const actions: Readonly<Record<string, Right>> = {
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
  const segments = segmentsOf(path);
  const resource = segments[1];
  const action = sendsEvent(method, segments) ? "emit" : actions[method.toUpperCase()];
  const allowed =
    resource === undefined
      ? isOwn(principal, organization)
      : action !== undefined && iam.permits(principal, { resource, action, organization });
  return allowed ? organization : undefined;
}

/** Paths that are no resource are open to everybody who belongs to the organization. */
function isOwn({ kind, organization: home }: Principal, organization: string): boolean {
  return kind === "administrator" || home === organization;
}

/** The first three, after dots and repeated slashes are cleaned: what the server behind the proxy will see. The second is the resource. */
function segmentsOf(path: string): string[] {
  const { pathname } = new URL(`http://proxy.invalid${path}`);
  return [...pathname.matchAll(/[^/]+/g).take(3)].map(([segment]) => segment);
}

/** `POST /v1/event` and `/v1/event/ingest`. */
function sendsEvent(method: string, [, resource, what = "ingest"]: readonly string[]): boolean {
  return method.toUpperCase() === "POST" && resource === "event" && what === "ingest";
}
