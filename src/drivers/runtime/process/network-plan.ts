/** The addresses of the functions' network, and what is out of bounds in it. Pure. */
import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import type { Door } from "./door.ts";

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

/** Every port behind which the function door is. */
export const doorPorts = ({ port, names }: Door): number[] => [...new Set([port, ...names.map((name) => name.port)])];

/**
 * Shell commands that give the network's own loopback interface the server's addresses: what is sent to them stays inside.
 * Those of version 6 are left out where the machine has none.
 */
export const doorAddresses = (door: Door | undefined): string[] => {
  const hosts = [...new Set(door?.names.map(({ host }) => host))];
  const outer = hosts.filter((host) => isIP(host) === 4 && !host.startsWith("127."));
  const version6 = hosts.filter((host) => isIP(host) === 6);
  return [
    ...outer.map((host) => `ip address add ${host}/32 dev lo`),
    ...version6.map((host) => `ip -6 address add ${host}/128 dev lo nodad 2>/dev/null || :`),
  ];
};

/** The hosts file of a network with the function door: the server's names lead to it. */
export const hostsFile = (names: Door["names"]): string => {
  const aliases = [...new Set(names.map(({ host }) => host))].filter((host) => isIP(host) === 0);
  return `127.0.0.1 ${["localhost", "function", ...aliases].join(" ")}\n::1 localhost\n`;
};
