/** The addresses of the functions' network, and what is out of bounds in it. Pure. */
import type { NetworkInterfaceInfo } from "node:os";

/** slirp4netns' own name server, as the sandbox's resolv.conf names it. */
export const RESOLVER = "10.0.2.3";

/** slirp4netns' way to the host; with --disable-host-loopback nothing answers there, and no route leads there either. */
const GATEWAY = "10.0.2.2";

/** Link-local addresses: cloud metadata services live there. */
const LINK_LOCAL = "169.254.0.0/16";

/**
 * Destinations that no function reaches. The host's own addresses are among them: slirp4netns connects as a process of
 * the host, so a service that a firewall hides from the outside would otherwise be open to functions.
 */
export const prohibitedDestinations = (
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string[] => {
  const own = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
  return [...new Set([LINK_LOCAL, GATEWAY, ...own])];
};
