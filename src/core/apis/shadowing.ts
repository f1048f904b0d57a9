/** Endpoints that share host, path and method: allowed, and told at both of them (decision 10). */
import type { Endpoint } from "./endpoint.ts";
import type { Rival } from "./matching.ts";

/**
 * Sentences about what this endpoint shadows and what shadows it, where host, path and method can be the same.
 * Endpoints of other organizations are not named. A disabled endpoint shadows nothing.
 */
export function shadowing(endpoint: Endpoint, rivals: readonly Rival[]): string[] {
  if (!endpoint.enabled) return [];
  return rivals.flatMap((rival) => overlaps(endpoint, rival).map((where) => sentence(endpoint, rival, where)));
}

function sentence(endpoint: Endpoint, { rival, wins }: Rival, where: string): string {
  const stranger = rival.organization !== endpoint.organization;
  if (stranger && !wins) return `${where} is answered by an API of another organization, whose claim comes first`;
  if (stranger) return `${where} is also claimed by another organization, in vain`;
  return wins
    ? `shadows API ${rival.name}: ${where} is answered by this younger one`
    : `shadowed by API ${rival.name}: ${where} is answered by that younger one`;
}

/** `POST example.com/path`, one for each common host, when some method is common too. */
function overlaps(one: Endpoint, { rival: other, path }: Rival): string[] {
  const methods = commonMethods(one.methods, other.methods);
  if (methods === undefined) return [];
  return commonHosts(one, other).map((host) => `${methods} ${host}${path}`);
}

/** Within an organization one that names its host is a choice, not a rival, of one that answers on all. */
function commonHosts(one: Endpoint, other: Endpoint): readonly string[] {
  if (one.organization !== other.organization) {
    if (one.hosts.length === 0) return other.hosts;
    if (other.hosts.length === 0) return one.hosts;
  }
  const [left, right] = [one, other].map(({ hosts }) => (hosts.length > 0 ? hosts : [""]));
  return left?.filter((host) => right?.includes(host)) ?? [];
}

function commonMethods(one: readonly string[], other: readonly string[]): string | undefined {
  if (one.length === 0 && other.length === 0) return "every method of";
  const common = one.length === 0 ? other : other.length === 0 ? one : one.filter((method) => other.includes(method));
  return common.length > 0 ? common.join(", ") : undefined;
}
