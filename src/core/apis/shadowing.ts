/** Endpoints that lie over each other: allowed, but said aloud (decision 10). */
import type { Endpoint } from "./endpoint.ts";
import { winner } from "./matching.ts";

/**
 * Sentences about what this endpoint shadows and what shadows it, among rivals on an equal host, path and method.
 * Endpoints of other organizations are not named. A disabled endpoint shadows nothing.
 */
export function shadowing(endpoint: Endpoint, rivals: readonly Endpoint[]): string[] {
  if (!endpoint.enabled) return [];
  return rivals.flatMap((rival) => overlaps(endpoint, rival).map((where) => sentence(endpoint, rival, where)));
}

function sentence(endpoint: Endpoint, rival: Endpoint, where: string): string {
  const stranger = rival.organization !== endpoint.organization;
  const wins = winner([endpoint, rival]) === endpoint;
  if (stranger && !wins) return `${where} is answered by an API of another organization that was there first`;
  if (stranger) return `${where} is also claimed by another organization, in vain`;
  return wins
    ? `shadows API ${rival.name}: ${where} is answered by this younger one`
    : `shadowed by API ${rival.name}: ${where} is answered by that younger one`;
}

/** `POST example.com/path`, one for each equal host and path on which some method is equal too. */
function overlaps(one: Endpoint, other: Endpoint): string[] {
  const methods = commonMethods(one.methods, other.methods);
  if (methods === undefined) return [];
  const paths = one.paths.filter((path) => other.paths.includes(path));
  return commonHosts(one.hosts, other.hosts).flatMap((host) => paths.map((path) => `${methods} ${host}${path}`));
}

/** An endpoint without hosts has the empty one. */
function commonHosts(one: readonly string[], other: readonly string[]): readonly string[] {
  const [left, right] = [one.length > 0 ? one : [""], other.length > 0 ? other : [""]];
  return left.filter((host) => right.includes(host));
}

function commonMethods(one: readonly string[], other: readonly string[]): string | undefined {
  if (one.length === 0 && other.length === 0) return "every method of";
  const common = one.length === 0 ? other : other.length === 0 ? one : one.filter((method) => other.includes(method));
  return common.length > 0 ? common.join(", ") : undefined;
}
