/** Proxies whose headers about the original request are believed (decision 11). */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Block = [Address, number];

/** The loopback: a tunnel or a TLS proxy on the same machine. */
export const loopback: readonly string[] = ["127.0.0.0/8", "::1/128"];

export interface TrustedProxies {
  includes(address: string | undefined): boolean;
}

/** @throws Error that quotes the entry that is neither an address nor a CIDR block. */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  const blocks = entries.map(parseBlock);
  return {
    includes: (address) => {
      if (address === undefined || !ipaddr.isValid(address)) return false;
      const parsed = ipaddr.process(address);
      return blocks.some((block) => block[0].kind() === parsed.kind() && matches(parsed, block));
    },
  };
}

function parseBlock(entry: string): Block {
  try {
    if (entry.includes("/")) return ipaddr.parseCIDR(entry);
    const address = ipaddr.process(entry);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  } catch (cause) {
    const message = `trusted proxy ${JSON.stringify(entry)} is neither an IP address nor a CIDR block such as 10.0.0.0/8`;
    throw new Error(message, { cause });
  }
}

function matches(address: Address, [range, bits]: Block): boolean {
  if (address instanceof ipaddr.IPv4 && range instanceof ipaddr.IPv4) return address.match(range, bits);
  return address instanceof ipaddr.IPv6 && range instanceof ipaddr.IPv6 && address.match(range, bits);
}
