/** Listeners of API and gateway, with the limits that every one of them has (server.md 1.5). */
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./tls/certificate.ts";

/** What is mounted on a listener. */
export interface Front {
  readonly listener: RequestListener;
  /** From now on every answer closes its connection, so that a server that stops is not held open. */
  stop(): void;
}

/** Milliseconds and bytes. A slow or endless request is cut off; a run may take as long as its function may. */
export const serverLimits = {
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
  /** With it the listener speaks HTTPS. */
  readonly tls?: Certificate;
}

export interface Listener {
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  /** Takes no new connections and resolves when the answers under way are sent, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** @throws Error that names the address when it cannot be had. */
export async function listen(front: Front, { host, port, tls }: ListenOptions): Promise<Listener> {
  const server =
    tls === undefined
      ? createServer(serverLimits, front.listener)
      : createTlsServer({ ...serverLimits, ...tlsSettings, ...tls }, front.listener);
  server.listen(port, host);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot listen on ${host}:${port}: ${whyNot(error)}`, { cause: error });
  });
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  const address = `${tls === undefined ? "http" : "https"}://${name}:${bound}`;
  return { port: bound, address, close: (graceMs) => close(server, front, graceMs) };
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "another program uses it already";
  if (code === "EACCES") return "ports below 1024 need root";
  return code === "EADDRNOTAVAIL" ? "this machine has no such address" : message;
}

async function close(server: Server, front: Front, graceMs: number): Promise<void> {
  front.stop();
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  await closed;
  clearTimeout(force);
}
