/** Listeners of API and gateway, with the limits that every one of them has (server.md 1.5). */
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext, type TLSSocket, type TlsOptions } from "node:tls";
import type { Certificate } from "../core/shared/ports.ts";
import { inFairTurns } from "./fair-turns.ts";
import { hearAll, heard } from "./heard-response.ts";
import { connectionShare } from "./open-files.ts";
import { keepPatience } from "./patience.ts";
import { headOptions, refuseExpectations, withSoundHeads } from "./request-head.ts";
import { ALPN_CHALLENGE, type ChallengeBoard } from "./tls/challenge-board.ts";
import type { LiveCertificate } from "./tls/live-certificate.ts";

/** What is mounted on a listener. */
export interface Front {
  readonly listener: RequestListener;
  /** From now on every answer closes its connection, so that a server that stops is not held open. */
  stop(): void;
}

/** Milliseconds and bytes. A slow or endless request is cut off, uploads see patience.ts; a run may take as long as its function may. */
export const serverLimits = {
  requestTimeout: 30_000,
  headersTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 1024 * 1024,
  ...heard,
  ...headOptions,
} as const satisfies ServerOptions;

const tlsSettings = {
  minVersion: "TLSv1.2",
  ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE+AESGCM",
} as const;

/** The certificates of an HTTPS listener. */
export interface ListenerTls {
  readonly live: LiveCertificate;
  readonly board: ChallengeBoard;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** With it the listener speaks HTTPS. */
  readonly tls?: ListenerTls;
  /** The setting that names the port: whoever finds it taken is told. */
  readonly setting?: string;
}

export interface Listener {
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  /** Takes no new connections and resolves when the answers under way are sent, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * A server for connections that somebody else accepts, with the same deadlines: node:http sets them up when a server begins
 * to listen, which this one never does itself.
 */
export function serveAccepted(listener: RequestListener, limits: ServerOptions = serverLimits): Server {
  const server = createServer(limits, withSoundHeads(listener));
  hearAll(server);
  refuseExpectations(server);
  keepPatience(server);
  server.emit("listening");
  return server;
}

/** @throws Error that names the address when it cannot be had. */
export async function listen(front: Front, { host, port, tls, setting }: ListenOptions): Promise<Listener> {
  const listener = withSoundHeads(inFairTurns(front.listener));
  const server = tls === undefined ? createServer(serverLimits, listener) : secureServer(listener, tls);
  hearAll(server);
  refuseExpectations(server);
  keepPatience(server);
  server.maxConnections = connectionShare();
  server.listen(port, host);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot listen on ${host}:${port}: ${whyNot(error, setting)}`, { cause: error });
  });
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  const address = `${tls === undefined ? "http" : "https"}://${name}:${bound}`;
  return { port: bound, address, close: (graceMs) => close(server, front, graceMs) };
}

function secureServer(listener: RequestListener, { live, board }: ListenerTls): Server {
  const options = { ...serverLimits, ...contextOf(live.current), ALPNCallback: protocolChoice(board) };
  const server = createTlsServer(options, listener);
  live.subscribe((certificate) => server.setSecureContext(contextOf(certificate)));
  return server;
}

function contextOf(certificate: Certificate): TlsOptions {
  return { ...tlsSettings, ...certificate };
}

/** HTTP/1.1 for everybody, but for an authority that checks a name (RFC 8737): it gets the certificate it asks for. */
function protocolChoice(board: ChallengeBoard): NonNullable<TlsOptions["ALPNCallback"]> {
  return function (this: TLSSocket, { servername, protocols }) {
    if (!protocols.includes(ALPN_CHALLENGE)) return protocols.find((protocol) => protocol === "http/1.1");
    const certificate = board.certificateFor(servername);
    if (certificate === undefined) return undefined;
    this.setKeyCert(createSecureContext({ ...certificate }));
    return ALPN_CHALLENGE;
  };
}

function whyNot({ code, message }: NodeJS.ErrnoException, setting: string | undefined): string {
  const other = setting === undefined ? "" : `: stop it, or name another port with --${setting}`;
  if (code === "EADDRINUSE") return `another program uses it already${other}`;
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
