/** Policies: they take effect with the answer to the request that writes them. */

import { DispatchError } from "../shared/errors.ts";
import { EVERYWHERE, type Permission } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import { type Asked, type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Policy, Rule } from "./contract.ts";
import { compileGrants, type Grants, isGranted, type PolicyDocument } from "./grants.ts";

type PolicyRecord = ResourceRecord<PolicyDocument>;

export class Policies extends ResourceService<Policy, PolicyDocument> {
  #grants: Grants | undefined;

  constructor(ports: ResourcePorts) {
    super({ kind: "Policy", word: "policy", resource: "iam" }, ports);
    ports.feed.subscribe("Policy", () => {
      this.#grants = undefined;
    });
  }

  override async load(): Promise<void> {
    await super.load();
    this.#grants = undefined;
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
    return this.store.list(organization).length > 0;
  }

  #current(): Grants {
    this.#grants ??= compileGrants(this.store.all());
    return this.#grants;
  }

  /** A global policy counts in all organizations, so the right to write one must, too. */
  protected override where({ organization, subject }: Asked<Policy, PolicyDocument>): string {
    return subject?.global === true ? EVERYWHERE : organization;
  }

  protected documentOf({ body: { global = false, rules } }: Write<Policy>): PolicyDocument {
    if (!Array.isArray(rules)) {
      throw new DispatchError("BAD_REQUEST", { message: "invalid rule definition, missing required fields" });
    }
    return { global, rules: rules.map(({ actions, resources, subjects }) => ({ actions, resources, subjects })) };
  }

  protected toWire({ id, name, created, modified, document }: PolicyRecord): Policy {
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
}
