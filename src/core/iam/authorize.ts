/** May this principal do this? Every service asks here before it does anything. */
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Principal } from "../shared/principal.ts";

export interface Permission {
  readonly resource: string;
  readonly action: Action | "use" | "reveal";
  readonly organization: string;
}

export interface Iam {
  /** @throws FORBIDDEN with a sentence. */
  authorize(principal: Principal, permission: Permission): void;
}

/** What a function may do through the function door: run functions and use secrets of its own organization (decisions 16, 17). */
const functionRights = new Set(["runs create", "runs get", "secret use", "event create"]);

/** The rules in force: administrators and the server itself may do all; functions and endpoints what they need, at home. */
export const iam: Iam = {
  authorize(principal, { resource, action, organization }) {
    if (principal.kind === "administrator" || principal.kind === "system") return;
    const athome = principal.organization === organization;
    if (athome && functionRights.has(`${resource} ${action}`)) return;
    const message = athome
      ? `${principal.kind} ${principal.id} may not ${action} ${resource}`
      : `${principal.kind} ${principal.id} belongs to organization ${principal.organization}, not to ${organization}`;
    throw new DispatchError("FORBIDDEN", { message });
  },
};
