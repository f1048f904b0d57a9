/** What can only mean this machine: one test for servers, clients and sandboxes. */
import { isIPv4 } from "node:net";

/** Whether a host is the loopback interface, whatever the name service says: an address of it (IPv6 with or without brackets), or localhost. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  const address = name.replace(/^::ffff:/, "");
  return name === "localhost" || name === "::1" || (address.startsWith("127.") && isIPv4(address));
}

/** The same for whoever calls, and so takes every name below localhost for this machine (RFC 6761). */
export function isThisMachine(host: string): boolean {
  return isLoopback(host) || /\.localhost$/i.test(host);
}
