/** Does a request come from this very machine, from a program that knows where it is? */
import type { IncomingMessage } from "node:http";
import { isLoopbackOrigin } from "../../http/access.ts";
import { loopback, trustedProxies } from "../trusted-proxies.ts";

const peers = trustedProxies(loopback);

/**
 * The other end and the name it calls are the loopback, and nobody has passed it on: a tunnel or a proxy either keeps the
 * public name in Host or says so in a header. Pages of other sites, which a browser here may show, do not count.
 */
export function isFromThisMachine({ headers, socket }: IncomingMessage): boolean {
  const { host, origin, via } = headers;
  if (!peers.includes(socket.remoteAddress) || host === undefined || !isLoopbackOrigin(`http://${host}`)) return false;
  if (via !== undefined || Object.keys(headers).some((name) => /^(forwarded$|x-forwarded-|x-real-ip$)/.test(name)))
    return false;
  return origin === undefined || isLoopbackOrigin(origin);
}
