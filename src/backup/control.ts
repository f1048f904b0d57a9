/**
 * The server's side of a backup. A client connects to the socket in the data folder and sends the line `backup 1`; the answer
 * is a line of JSON, `{"bytes", "shape"}` or `{"error"}`, and then the database. Until the client closes the connection no
 * blob is removed, so that it can read all that this database knows of.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../core/shared/message-of.ts";
import { controlFolder, socketPath } from "./control-path.ts";

export interface ControlPorts {
  readonly dataDir: string;
  /** The number of the database's shape. */
  readonly shape: number;
  /** Writes a consistent copy of the database to an empty file. */
  snapshot(path: string): Promise<void>;
  /** Keeps all blobs until the function that comes back is called. */
  hold(): () => void;
  readonly log: { info(message: string): void; error(details: object, message: string): void };
}

/** Returns the function that ends it; a backup under way is cut off. @throws Error when the socket cannot be made. */
export async function openControl(ports: ControlPorts): Promise<() => Promise<void>> {
  const folder = controlFolder(ports.dataDir);
  const socket = socketPath(ports.dataDir);
  // The folder belongs to one server at a time: what is here was left by one that died.
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  const clients = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const served = serve(client, folder, ports).finally(() => clients.delete(client));
    clients.set(client, served);
  });
  server.listen(socket.path);
  await once(server, "listening");
  chmodSync(join(folder, "dispatch.sock"), 0o600);
  return async () => {
    const closed = once(server, "close");
    server.close();
    for (const client of clients.keys()) client.destroy();
    await Promise.all([closed, ...clients.values()]);
    socket.close();
  };
}

async function serve(client: Socket, folder: string, ports: ControlPorts): Promise<void> {
  const closed = once(client, "close").catch(() => undefined);
  client.on("error", () => client.destroy());
  const letGo = ports.hold();
  try {
    const { value: request } = await createInterface({ input: client })[Symbol.asyncIterator]().next();
    if (request === "backup 1") await sendDatabase(client, folder, ports);
    else client.end(`${JSON.stringify({ error: "this server does not know that request" })}\n`);
    await closed;
  } finally {
    letGo();
  }
}

async function sendDatabase(client: Socket, folder: string, ports: ControlPorts): Promise<void> {
  const path = join(folder, `${randomUUID()}.db`);
  const file = await open(path, "wx+", 0o600);
  try {
    await ports.snapshot(path);
    const { size } = await file.stat();
    client.write(`${JSON.stringify({ bytes: size, shape: ports.shape })}\n`);
    await pipeline(file.createReadStream({ start: 0, autoClose: false }), client, { end: false });
    ports.log.info("a backup has read the database");
  } catch (error) {
    if (client.destroyed) return;
    ports.log.error({ err: error }, "a backup could not read the database");
    client.end(`${JSON.stringify({ error: messageOf(error) })}\n`);
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
