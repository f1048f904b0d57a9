/** Host names belong to organizations (decision 10): nobody answers under a name that is somebody else's. */

/** A host name as it is compared: no letter case, no brackets of IPv6 literals, no dot of the root at its end. */
export function hostKey(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return (bare.endsWith(".") ? bare.slice(0, -1) : bare).toLowerCase();
}

export class HostNames {
  readonly #gatewayOrganization: string;
  readonly #owners: ReadonlyMap<string, string>;

  /** `owners`: names that the administrator gave, each to one organization. */
  constructor(gatewayOrganization: string, owners: ReadonlyMap<string, string>) {
    this.#gatewayOrganization = gatewayOrganization;
    this.#owners = new Map(Array.from(owners, ([host, owner]) => [hostKey(host), owner]));
  }

  /** Why the organization may not use the name; undefined when it may. Of its owner nothing is told. */
  refusal(organization: string, host: string): string | undefined {
    const key = hostKey(host);
    const owner = this.#owners.get(key) ?? this.#gatewayOrganization;
    if (owner === organization) return undefined;
    const remedy = `whoever runs the server gives it with --gateway-hosts ${key}=${organization}`;
    return `host name ${host} does not belong to organization ${organization}: ${remedy}`;
  }

  mayUse(organization: string, host: string): boolean {
    return this.refusal(organization, host) === undefined;
  }
}
