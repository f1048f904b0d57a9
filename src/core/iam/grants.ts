/**
 * What the policies allow, compiled for one look-up a question (server.md 8.3). Rules stay structured from the request to
 * here: no text is ever joined and split again, so no subject can forge another rule.
 */

import type { Permission } from "../shared/iam.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Rule } from "./contract.ts";

export interface PolicyDocument {
  readonly global: boolean;
  readonly rules: readonly Rule[];
}

interface Grant {
  /** Undefined: in every organization. */
  readonly organization: string | undefined;
  readonly resources: ReadonlySet<string>;
  readonly actions: ReadonlySet<string>;
}

/** By account, `organization/name`. */
export type Grants = ReadonlyMap<string, readonly Grant[]>;

/**
 * A subject is a service account. A bare name is one of the policy's own organization; only a global policy that names
 * `organization/name` reaches out of the account's own organization.
 */
export function compileGrants(policies: readonly ResourceRecord<PolicyDocument>[]): Grants {
  const grants = new Map<string, Grant[]>();
  for (const { organization, document } of policies) {
    for (const { subjects, resources, actions } of document.rules) {
      const rule = { resources: new Set(resources), actions: new Set(actions) };
      for (const subject of subjects) {
        const everywhere = document.global && subject.includes("/");
        const account = subject.includes("/") ? subject : `${organization}/${subject}`;
        add(grants, account, { ...rule, organization: everywhere ? undefined : organization });
      }
    }
  }
  return grants;
}

function add(grants: Map<string, Grant[]>, account: string, grant: Grant): void {
  const known = grants.get(account);
  if (known === undefined) grants.set(account, [grant]);
  else known.push(grant);
}

/** Whether a service account of organization `home` has been granted this. */
export function isGranted(grants: Grants, account: string, home: string, permission: Permission): boolean {
  const { organization, resource } = permission;
  return (grants.get(account) ?? []).some(
    (grant) =>
      reaches(grant, home, organization) &&
      covers(grant.resources, resource) &&
      coversAction(grant.actions, permission),
  );
}

/** A policy of one organization counts for that organization's own accounts only. */
function reaches(grant: Grant, home: string, asked: string): boolean {
  return grant.organization === undefined || (grant.organization === home && home === asked);
}

/** Whoever may create what has to do with events may send one. */
function coversAction(words: ReadonlySet<string>, { resource, action }: Permission): boolean {
  return covers(words, action) || (action === "emit" && resource === "event" && words.has("create"));
}

function covers(words: ReadonlySet<string>, word: string): boolean {
  return words.has("*") || words.has(word);
}
