import type { FastifyReply, FastifyRequest } from "fastify";
import { DispatchError } from "../../core/shared/errors.ts";
import type { Route } from "./route.ts";

const MANAGED = new Set([
  ...["function", "runs", "image", "baseimage", "secret", "event", "events", "api"],
  ...["iam", "application", "version"],
]);
const NOT_IMPLEMENTED = new Set(["eventdrivers", "serviceclass", "serviceinstance"]);

/** Which of the answers of server.md 2.1 and 2.3 a path gets that no operation has. */
export function unknownPath(routes: readonly Route[], request: FastifyRequest, reply: FastifyReply): DispatchError {
  const path = (request.url.split("?")[0] ?? "").replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
  const fitting = routes.filter(({ operation }) => patternOf(operation.path).test(path));
  const allowed = [...new Set(fitting.map(({ operation }) => operation.method))];
  if (allowed.length > 0) {
    reply.header("allow", allowed.join(", "));
    return new DispatchError("METHOD_NOT_ALLOWED", { method: request.method, allowed: allowed.join(",") });
  }
  const [, version, manager = "", ...rest] = path.split("/");
  if (version !== "v1") return new DispatchError("UNKNOWN_RESOURCE");
  if (NOT_IMPLEMENTED.has(manager)) return new DispatchError("NOT_IMPLEMENTED");
  if (!MANAGED.has(manager) || (manager === "" && rest.length === 0)) return new DispatchError("UNKNOWN_RESOURCE");
  return new DispatchError("UNKNOWN_PATH", { path });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
}
