/** May this principal do this? Every service asks here before it does anything. */
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Principal } from "../shared/principal.ts";

/**
 * `use`: hand a secret's values to a function. `reveal`: read them (decisions 17).
 * The names are those of policy rules, where `*` means all of them.
 */
export type Right = Action | "use" | "reveal";

export interface Permission {
  /** The second segment of a REST path: `function`, `runs`, `secret`, `iam` ... */
  readonly resource: string;
  readonly action: Right;
  /** `EVERYWHERE` for what concerns all organizations. */
  readonly organization: string;
}

/** No organization has this name. What is asked for it needs a global policy. */
export const EVERYWHERE = "";

export interface Iam {
  permits(principal: Principal, permission: Permission): boolean;
  /** @throws FORBIDDEN with a sentence. */
  authorize(principal: Principal, permission: Permission): void;
}

/** Whether the policies let a service account do this. */
export type Judge = (account: Principal, permission: Permission) => boolean;

/** What a function may do through the function door: run functions and use secrets of its own organization (decisions 16, 17). */
const functionRights = new Set(["runs create", "runs get", "secret use", "event create"]);

/**
 * Administrators and the server itself may do all, service accounts what `judge` says, functions and endpoints what they
 * need, at home.
 */
export function createIam(judge: Judge): Iam {
  const permits = (principal: Principal, permission: Permission): boolean => {
    if (principal.kind === "administrator" || principal.kind === "system") return true;
    if (principal.kind === "service-account") return judge(principal, permission);
    if (principal.kind === "anonymous" || principal.organization !== permission.organization) return false;
    return functionRights.has(`${permission.resource} ${permission.action}`);
  };
  return {
    permits,
    authorize: (principal, permission) => {
      if (permits(principal, permission)) return;
      throw new DispatchError("FORBIDDEN", { message: refusal(principal, permission) });
    },
  };
}

function refusal({ kind, id, organization: home }: Principal, { resource, action, organization }: Permission): string {
  const who = `${kind.replace("-", " ")} ${id}`;
  if (kind === "service-account") {
    const where = organization === EVERYWHERE ? "in all organizations" : `in organization ${organization}`;
    return `${who} may not ${action} ${resource} ${where}: no policy allows it`;
  }
  if (home === organization) return `${who} may not ${action} ${resource}`;
  return `${who} belongs to organization ${home}, not to ${organization}`;
}

/** The rules without any policy. */
export const iam: Iam = createIam(() => false);
