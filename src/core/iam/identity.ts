/** Identity and access as one thing: who somebody is, and what they may do. */

import { EVERYWHERE, type Iam } from "../shared/iam.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { createIam } from "./authorize.ts";
import { verifyToken } from "./bearer-token.ts";
import { Organizations } from "./organizations.ts";
import { Policies } from "./policies.ts";
import { ServiceAccounts } from "./service-accounts.ts";

export class Identity {
  readonly iam: Iam;
  readonly policies: Policies;
  readonly serviceAccounts: ServiceAccounts;
  readonly organizations: Organizations;

  /** `everybodyIsAdministrator`: under `--auth none`. */
  constructor(database: Database, feed: ChangeFeed, everybodyIsAdministrator = false) {
    this.iam = createIam({
      judge: (account, permission) =>
        this.policies.allow(account, permission) && this.#reachable(account, permission.organization),
      exists: (account) => this.serviceAccounts.exists(account),
      everybodyIsAdministrator,
    });
    const ports = { database, feed, iam: this.iam };
    this.policies = new Policies(ports);
    const reachesBeyondHome = (account: string): boolean => this.policies.reachesBeyondHome(account);
    this.serviceAccounts = new ServiceAccounts({ ...ports, reachesBeyondHome });
    this.organizations = new Organizations(ports);
  }

  async load(): Promise<void> {
    await Promise.all([this.policies, this.serviceAccounts, this.organizations].map((service) => service.load()));
  }

  /** The service account that signed this token. @throws INVALID_CREDENTIALS with the reason */
  async accountOf(token: string): Promise<Principal> {
    const keyOf = ({ organization, name }: { organization: string; name: string }) =>
      this.serviceAccounts.keyOf(organization, name);
    const { organization, name } = await verifyToken(token, keyOf, Date.now());
    return { kind: "service-account", id: `${organization}/${name}`, organization, via: "rest" };
  }

  /** A global policy opens organizations that exist (server.md 8.3 step 6): a misspelt one is not made by accident. */
  #reachable(account: Principal, organization: string): boolean {
    if (organization === account.organization || organization === EVERYWHERE) return true;
    return [this.organizations, this.policies, this.serviceAccounts].some((service) => service.has(organization));
  }
}
