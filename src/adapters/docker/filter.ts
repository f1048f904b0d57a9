/** The packet filters around containers, for nft(8). Pure. */
import { OUT_OF_BOUNDS, REFUSE } from "../runtime/process/network-plan.ts";

/** The port of a function server (cli-and-runtimes.md 2.3). */
export const SERVER_PORT = 8080;
/** Behind which the function door is in a container; functions reach it by the port of the API. */
export const DOOR_PORT = 63_999;

/**
 * The host's part, in force before any container runs: containers begin no connection to the host, to its other networks or to what is
 * published on it, and nobody begins one to them but this server. `bridges` is the beginning of our bridges' names, `closed` of those
 * without a way out.
 */
export const hostFilter = (table: string, bridges: string, closed: string, uid: number): string => `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname != "${bridges}*" accept
    ct state established,related accept
    drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    oifname "${bridges}*" ct state new meta skuid != ${uid} drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "${closed}*" drop
    oifname "${bridges}*" ct state established,related accept
    oifname "${bridges}*" drop
    iifname != "${bridges}*" accept
    ct status dnat drop
    oifname { "docker0", "br-*" } drop
    ip daddr { ${OUT_OF_BOUNDS.join(", ")} } drop
    meta nfproto ipv6 drop
  }
}
`;

export const noHostFilter = (table: string): string => `table inet ${table}\ndelete table inet ${table}\n`;

export interface ContainerNetwork {
  /** The container's own, with the length of its network: `172.18.0.2/16`. */
  readonly address: string;
  readonly gateway: string;
  /** On which the server calls it; undefined when nobody does. */
  readonly port: number | undefined;
  /** Whether it has a way out. */
  readonly open: boolean;
  /** Behind which of the server's addresses and ports the function door is. */
  readonly door: { readonly addresses: readonly string[]; readonly ports: readonly number[] };
}

/** The container's own part: it talks to the server that called it, to its door and to the world, and to no neighbour. */
export const containerFilter = ({
  address,
  gateway,
  port,
  open,
  door,
}: ContainerNetwork): string => `table inet dispatch {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
${port === undefined ? "" : `    ip saddr ${gateway} tcp dport ${port} accept\n`}  }
  chain output {
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    ct state established,related accept
    meta nfproto ipv6 reject with icmpv6 type admin-prohibited
    ip daddr { ${OUT_OF_BOUNDS.join(", ")} } ${REFUSE}
    ip daddr ${address} ${REFUSE}
${open ? "" : `    ${REFUSE}\n`}  }
${doorChain(door)}}
`;

const doorChain = ({ addresses, ports }: ContainerNetwork["door"]): string =>
  ports.length === 0
    ? ""
    : `  chain door {
    type nat hook output priority -100; policy accept;
    ip daddr { ${addresses.join(", ")} } tcp dport { ${ports.join(", ")} } redirect to :${DOOR_PORT}
  }
`;
