import type { Operation } from "../../core/shared/contract.ts";
import { routesOf, type Services } from "./routes.ts";

/** Stands for every service and every part of one: routes touch theirs only when they are called. */
const nothing = new Proxy({}, { get: () => nothing }) as unknown as Services;

/** All operations of the REST API, without a server. */
export function allOperations(): Operation[] {
  return routesOf(nothing, 0).map(({ operation }) => operation);
}
