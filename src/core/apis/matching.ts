/**
 * Which endpoint answers a request (server.md 5.2, decision 10). Comparison is exact. Stages, the first hit wins:
 * 1. endpoints that list the path; 2. the gateway organization's endpoints that list the path without its prefix, which
 * come even before the first when those are another organization's with hosts; 3. endpoints without paths that list the method; 4. endpoints that list nothing but the host.
 */
import type { Endpoint } from "./endpoint.ts";

/** What of a request is compared. */
export interface EndpointQuery {
  /** Without port, as `hostKey` makes it; "" for a request without Host, which fits every host. */
  readonly host: string;
  /** Percent-decoded. */
  readonly path: string;
  /** OPTIONS fits every method list. */
  readonly method: string;
}

/** Another endpoint that a request may mean as well. */
export interface Rival {
  readonly rival: Endpoint;
  readonly path: string;
  /** The endpoint that was asked about answers, not this one. */
  readonly wins: boolean;
}

interface Index {
  readonly byPath: ReadonlyMap<string, readonly Endpoint[]>;
  readonly byBarePath: ReadonlyMap<string, readonly Endpoint[]>;
  readonly byMethodOnly: readonly Endpoint[];
  readonly byHostOnly: readonly Endpoint[];
  readonly organizations: ReadonlySet<string>;
}

/** The endpoints of all organizations, indexed again at the first request after a change. */
export class EndpointTable {
  readonly #gatewayOrganization: string;
  readonly #source: () => readonly Endpoint[];
  #index: Index | undefined;

  /** `source` gives every endpoint, enabled or not; it is asked again after `invalidate`. */
  constructor(gatewayOrganization: string, source: () => readonly Endpoint[]) {
    this.#gatewayOrganization = gatewayOrganization;
    this.#source = source;
  }

  /** Something was created, updated or deleted. */
  invalidate(): void {
    this.#index = undefined;
  }

  match(query: EndpointQuery): Endpoint | undefined {
    const index = this.#current();
    return (
      this.#first(best(index.byPath.get(query.path), query), best(index.byBarePath.get(query.path), query)) ??
      best(index.byMethodOnly, query, (endpoint) => this.#inScope(index, endpoint, query.path)) ??
      best(index.byHostOnly, query)
    );
  }

  /**
   * The other enabled endpoints on one of these paths, each with the paths that both have, as requests name them, and
   * whether this one answers there.
   */
  rivals(endpoint: Endpoint): Rival[] {
    const index = this.#current();
    const direct = endpoint.paths.flatMap((path) =>
      (index.byPath.get(path) ?? []).map((rival) => ({ rival, path, wins: winner([endpoint, rival]) === endpoint })),
    );
    const meetings = [...direct, ...this.#bareMeetings(index, endpoint)];
    return meetings.filter(({ rival }) => rival.organization !== endpoint.organization || rival.name !== endpoint.name);
  }

  /** Where a bare path of the gateway organization meets a path of another organization's host. */
  #bareMeetings(index: Index, endpoint: Endpoint): Rival[] {
    const home = this.#gatewayOrganization;
    if (endpoint.organization === home) {
      const bare = endpoint.paths.map((path) => path.slice(home.length + 1));
      const own = bare.filter((path) => index.byBarePath.get(path)?.some(({ name }) => name === endpoint.name));
      const strangers = (path: string) =>
        (index.byPath.get(path) ?? []).filter(({ organization, hosts }) => organization !== home && hosts.length > 0);
      return own.flatMap((path) => strangers(path).map((rival) => ({ rival, path, wins: true })));
    }
    if (endpoint.hosts.length === 0) return [];
    return endpoint.paths.flatMap((path) =>
      (index.byBarePath.get(path) ?? []).map((rival) => ({ rival, path, wins: false })),
    );
  }

  #first(listed: Endpoint | undefined, bare: Endpoint | undefined): Endpoint | undefined {
    if (listed === undefined || bare === undefined) return listed ?? bare;
    return listed.organization === this.#gatewayOrganization ? listed : bare;
  }

  #current(): Index {
    this.#index ??= buildIndex(this.#source(), this.#gatewayOrganization);
    return this.#index;
  }

  /** An endpoint without hosts and paths answers below its own organization only; the gateway organization's also on bare paths. */
  #inScope(index: Index, endpoint: Endpoint, path: string): boolean {
    if (endpoint.hosts.length > 0 || path.startsWith(`/${endpoint.organization}/`)) return true;
    const { organizations } = index;
    return (
      endpoint.organization === this.#gatewayOrganization && isFree(path, organizations, this.#gatewayOrganization)
    );
  }
}

function buildIndex(endpoints: readonly Endpoint[], gatewayOrganization: string): Index {
  const byPath = new Map<string, Endpoint[]>();
  const byBarePath = new Map<string, Endpoint[]>();
  const organizations = new Set(endpoints.map((endpoint) => endpoint.organization));
  const enabled = endpoints.filter((endpoint) => endpoint.enabled);
  for (const endpoint of enabled) {
    for (const path of endpoint.paths) append(byPath, path, endpoint);
    if (endpoint.organization !== gatewayOrganization || endpoint.hosts.length > 0) continue;
    for (const path of endpoint.paths) {
      const bare = path.slice(gatewayOrganization.length + 1);
      if (isFree(bare, organizations, gatewayOrganization)) append(byBarePath, bare, endpoint);
    }
  }
  const pathless = enabled.filter((endpoint) => endpoint.paths.length === 0);
  return {
    byPath,
    byBarePath,
    byMethodOnly: pathless.filter((endpoint) => endpoint.methods.length > 0),
    byHostOnly: pathless.filter((endpoint) => endpoint.methods.length === 0 && endpoint.hosts.length > 0),
    organizations,
  };
}

/** No other organization's prefix stands at the head of the path, so the bare path may be claimed. */
function isFree(path: string, organizations: ReadonlySet<string>, gatewayOrganization: string): boolean {
  const first = path.split("/", 2)[1] ?? "";
  return first === gatewayOrganization || !organizations.has(first);
}

function append(map: Map<string, Endpoint[]>, path: string, endpoint: Endpoint): void {
  const known = map.get(path);
  if (known === undefined) map.set(path, [endpoint]);
  else if (!known.includes(endpoint)) known.push(endpoint);
}

function best(
  candidates: readonly Endpoint[] | undefined,
  { host, method }: EndpointQuery,
  also: (endpoint: Endpoint) => boolean = () => true,
): Endpoint | undefined {
  if (candidates === undefined) return undefined;
  const matched = candidates.filter(
    (endpoint) => fits(endpoint.hosts, host) && fitsMethod(endpoint, method) && also(endpoint),
  );
  return matched.length > 1 ? winner(matched) : matched[0];
}

function fits(list: readonly string[], value: string): boolean {
  return list.length === 0 || value === "" || list.includes(value);
}

function fitsMethod({ methods }: Endpoint, method: string): boolean {
  return method === "OPTIONS" || fits(methods, method);
}

/**
 * Who answers among endpoints that all fit. Between organizations: the one whose prefix the path carries (it needs no
 * host), else the one that was there first, so that nobody takes over another organization's path. Within it: the one
 * that names the host, then the youngest.
 */
export function winner(matched: readonly Endpoint[]): Endpoint | undefined {
  const byAge = matched.toSorted((one, other) => one.order - other.order);
  const organization = (byAge.find((endpoint) => endpoint.hosts.length === 0) ?? byAge[0])?.organization;
  const own = byAge.filter((endpoint) => endpoint.organization === organization);
  return own.findLast((endpoint) => endpoint.hosts.length > 0) ?? own.at(-1);
}
