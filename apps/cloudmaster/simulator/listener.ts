/** The few lines that both stand-ins need to listen on the loopback. */
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:net";

const MAX_BODY_BYTES = 1_000_000;

/** Listens on 127.0.0.1 only; port 0 is any free one. */
export async function listen(server: Server, port: number): Promise<{ readonly url: string; readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return { url: `http://127.0.0.1:${address.port}`, port: address.port };
}

/** Stops listening and ends what is still connected. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** @throws Error when the body is longer than these services take. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the request body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `count` ports of the loopback that nobody listens on at the moment, for programs that must be told theirs. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers
    .map((server) => server.address())
    .flatMap((address) => (typeof address === "object" && address ? [address.port] : []));
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return ports;
}
