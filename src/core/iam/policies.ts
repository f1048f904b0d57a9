/** Policies: they take effect with the answer to the request that writes them. */

import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import { EVERYWHERE, type Iam, type Permission } from "../shared/iam.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Policy, Rule } from "./contract.ts";
import { compileGrants, type Grants, isGranted, type PolicyDocument } from "./grants.ts";

export interface IamPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly iam: Iam;
}

type PolicyRecord = ResourceRecord<PolicyDocument>;

export class Policies {
  readonly #iam: Iam;
  readonly #store: ResourceStore<PolicyDocument>;
  #grants: Grants | undefined;

  constructor({ database, feed, iam }: IamPorts) {
    this.#iam = iam;
    this.#store = new ResourceStore({ kind: "Policy", word: "policy" }, database, feed);
    feed.subscribe("Policy", () => {
      this.#grants = undefined;
    });
  }

  async load(): Promise<void> {
    await this.#store.load();
    this.#grants = undefined;
  }

  /** A global policy counts in all organizations, so the right to write one must, too. @throws ALREADY_EXISTS, FORBIDDEN */
  async create(principal: Principal, organization: string, policy: Policy): Promise<Policy> {
    const document = documentOf(policy);
    this.#authorize(principal, scopeOf(document, organization), "create");
    return toWire(await this.#store.create(principal, organization, policy.name, document));
  }

  list(principal: Principal, organization: string): Policy[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  get(principal: Principal, organization: string, name: string): Policy {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  /** Replaces the rules. @throws NOT_FOUND, CHANGED_MEANWHILE, FORBIDDEN */
  async update(principal: Principal, organization: string, name: string, policy: Policy): Promise<Policy> {
    const document = documentOf(policy);
    this.#authorize(principal, scopeOf(document, organization), "update");
    const record = this.#store.get(organization, name);
    this.#authorize(principal, scopeOf(record.document, organization), "update");
    refuseRename("policy", name, policy.name);
    return toWire(await this.#store.update(principal, record, document));
  }

  async delete(principal: Principal, organization: string, name: string): Promise<Policy> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    this.#authorize(principal, scopeOf(record.document, organization), "delete");
    await this.#store.remove(principal, record);
    return { ...toWire(record), status: "DELETING" };
  }

  /** Whether some policy lets this service account do this. */
  allow(account: Principal, permission: Permission): boolean {
    return isGranted(this.#current(), account.id, account.organization, permission);
  }

  /** Whether an account, `organization/name`, has rights outside of its own organization. */
  reachesBeyondHome(account: string): boolean {
    return (this.#current().get(account) ?? []).some(({ organization }) => organization === undefined);
  }

  has(organization: string): boolean {
    return this.#store.list(organization).length > 0;
  }

  #current(): Grants {
    this.#grants ??= compileGrants(this.#store.all());
    return this.#grants;
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "iam", action, organization });
  }
}

function scopeOf({ global }: PolicyDocument, organization: string): string {
  return global ? EVERYWHERE : organization;
}

function documentOf({ global = false, rules }: Policy): PolicyDocument {
  if (!Array.isArray(rules)) {
    throw new DispatchError("BAD_REQUEST", { message: "invalid rule definition, missing required fields" });
  }
  return { global, rules: rules.map(({ actions, resources, subjects }) => ({ actions, resources, subjects })) };
}

function toWire({ id, name, created, modified, document }: PolicyRecord): Policy {
  return {
    createdTime: created,
    ...(document.global ? { global: true } : {}),
    id,
    kind: "Policy",
    modifiedTime: modified,
    name,
    status: "READY",
    // Old clients look at the first rule of every list they get; no list at all is what they know for "none".
    rules: (document.rules.length === 0 ? null : document.rules) as Rule[],
  };
}
