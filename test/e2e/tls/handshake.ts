/** What a client sees of a server's TLS. */
import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

export interface Seen {
  readonly serial: string;
  readonly issuer: string;
  readonly protocol: string;
  readonly cipher: string;
}

/** One handshake, without a request. @throws the TLS library's error when there is none. */
export async function handshake(url: string, options: ConnectionOptions = {}): Promise<Seen> {
  const socket = await open(url, options);
  const { serialNumber, issuer } = socket.getPeerCertificate();
  const seen = {
    serial: serialNumber,
    issuer: String(issuer.CN),
    protocol: String(socket.getProtocol()),
    cipher: socket.getCipher().name,
  };
  socket.destroy();
  return seen;
}

/** A connection that stays open. */
export async function open(url: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** Sends a request on an open connection; the status line of its answer. */
export async function statusOver(socket: TLSSocket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString().split("\r\n")[0] ?? "";
}
