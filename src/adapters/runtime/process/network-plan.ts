/** The addresses of the functions' network, and what is out of bounds in it. Pure. */
import { isIP } from "node:net";
import type { Door } from "./door.ts";

/** slirp4netns' own name server, as the sandbox's resolv.conf names it. */
export const RESOLVER = "10.0.2.3";

/**
 * What no function reaches outside of its own loopback, besides the host. The alias addresses of slirp4netns are among
 * them: it would lead any port of its name server to the host's resolver, which often is 127.0.0.53.
 */
export const OUT_OF_BOUNDS = [
  ...["0.0.0.0/8", "127.0.0.0/8", "10.0.2.0/24"],
  ...["169.254.0.0/16", "100.100.100.200", "192.0.0.192", "168.63.129.16"], // link-local, and the clouds' metadata services
  ...["224.0.0.0/4", "240.0.0.0/4"], // multicast, reserved and broadcast
];

/** The reason shows in the function as "Network is unreachable". */
export const REFUSE = "reject with icmp type net-prohibited";

const elements = (addresses: readonly string[]): string =>
  addresses.length === 0 ? "" : `elements = { ${addresses.join(", ")} }`;

/**
 * The packet filter of one network, for nft(8). What leaves by the network's own loopback is free; what leaves by any other
 * way is judged by where it goes, so it does not matter which device, route or source address a socket has chosen. IPv6
 * has no way out: slirp4netns is started without it.
 */
export const filterRules = (hostAddresses: readonly string[]): string => `table inet dispatch {
  set host { type ipv4_addr; flags interval; auto-merge; ${elements(hostAddresses)} }
  chain output {
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    meta nfproto ipv6 reject with icmpv6 type admin-prohibited
    ip daddr ${RESOLVER} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr { ${OUT_OF_BOUNDS.join(", ")} } ${REFUSE}
    ip daddr @host ${REFUSE}
  }
}
`;

/** Replaces the addresses of the host in a filter, in one step. */
export const filterUpdate = (hostAddresses: readonly string[]): string =>
  [
    "flush set inet dispatch host",
    ...(hostAddresses.length === 0 ? [] : [`add element inet dispatch host { ${hostAddresses.join(", ")} }`]),
    "",
  ].join("\n");

/** Every port behind which the function door is. */
export const doorPorts = ({ port, names }: Door): number[] => [...new Set([port, ...names.map((name) => name.port)])];

/** The addresses of version 4 behind which it is. */
export const doorAddresses4 = (door: Door | undefined): string[] => [
  ...new Set(["127.0.0.1", ...(door?.names ?? []).map(({ host }) => host).filter((host) => isIP(host) === 4)]),
];

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
