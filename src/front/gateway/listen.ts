/** The gateway's own listeners, with the limits that every one of them has (server.md 1.5). */
import { once } from "node:events";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Gateway } from "./gateway.ts";

/** Milliseconds and bytes. A slow or endless request is cut off; a run may take as long as its function may. */
const limits = {
  requestTimeout: 30_000,
  headersTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 1024 * 1024,
} as const satisfies ServerOptions;

const tlsSettings = {
  minVersion: "TLSv1.2",
  ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE+AESGCM",
  ALPNProtocols: ["http/1.1"],
} as const;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM texts; with them the listener speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface GatewayListener {
  readonly port: number;
  /** Takes no new connections and resolves when the answers under way are sent, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** @throws Error of node:net when the address cannot be had. */
export async function listen(gateway: Gateway, { host, port, tls }: ListenOptions): Promise<GatewayListener> {
  const server =
    tls === undefined
      ? createServer(limits, gateway.listener)
      : createTlsServer({ ...limits, ...tlsSettings, ...tls }, gateway.listener);
  server.listen(port, host);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, gateway, graceMs) };
}

async function close(server: Server, gateway: Gateway, graceMs: number): Promise<void> {
  gateway.stop();
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  const closed = once(server, "close");
  server.close();
  await closed;
  clearTimeout(force);
}
