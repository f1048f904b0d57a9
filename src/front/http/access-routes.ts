/** Who am I, what may I, who is there: routes that belong to no resource (server.md 2.13 and 8.3). */
import { accessOperations as operations } from "../../core/iam/access-contract.ts";
import { judgeForwarded } from "../../core/iam/forward-auth.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import type { Iam } from "../../core/shared/iam.ts";
import { versionInfo } from "../../version.ts";
import { isLoopbackOrigin } from "./access.ts";
import type { Answer, Call, Route } from "./route.ts";

/** The cookie of the login proxy that older set-ups put in front of the server. */
const SESSION_COOKIE = "_oauth2_proxy";

export function accessRoutes(iam: Iam): Route[] {
  return [
    { operation: operations.getRoot, handle: () => ({ body: { message: "Default Root Page" } }) },
    { operation: operations.getHome, handle: () => ({ body: { message: "Home Page, You have already logged in" } }) },
    { operation: operations.getVersion, handle: () => ({ body: versionInfo }) },
    { operation: operations.authorizeForwarded, handle: (call) => forwarded(iam, call) },
    { operation: operations.redirectWithCookie, handle: redirected },
  ];
}

function forwarded(iam: Iam, { principal, organization, headers }: Call): Answer {
  const method = textOf(headers["x-original-method"]);
  const path = textOf(headers["x-auth-request-redirect"]);
  const allowed = judgeForwarded(iam, principal, { method, path, organization });
  return allowed === undefined ? { status: 403 } : { headers: { "x-dispatch-org": allowed } };
}

/** Only a program on this machine gets the cookie: it is as good as the session. */
function redirected({ query, headers }: Call): Answer {
  const { redirect } = query as { redirect?: string };
  if (redirect === undefined) throw new DispatchError("REQUIRED", { field: "redirect", place: "query" });
  if (!/^https?:/i.test(redirect) || !isLoopbackOrigin(redirect)) {
    const message = "redirect must be a URL of this machine, such as http://localhost:8000/catcher";
    throw new DispatchError("BAD_REQUEST", { message });
  }
  const cookie = textOf(headers.cookie)
    ?.split(/; */)
    .find((pair) => pair.startsWith(`${SESSION_COOKIE}=`));
  if (cookie === undefined) throw new DispatchError("NO_COOKIE");
  const location = new URL(redirect);
  location.searchParams.append("cookie", cookie);
  return { headers: { location: location.href } };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
