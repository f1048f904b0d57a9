/** Services of the host that no function may reach: what the hostile tests put where an attacker would look. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";

/** A service of the host for datagrams. */
export const listenToDatagrams = async (host: string, group?: string): Promise<{ socket: Socket; heard: string[] }> => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const heard: string[] = [];
  socket.on("message", (message) => heard.push(String(message))).bind(0, host);
  await once(socket, "listening");
  if (group !== undefined) socket.addMembership(group, host);
  return { socket, heard };
};

export const soon = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export const listen = (host: string, text: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end(text));
    server.once("error", reject);
    server.listen(0, host, () => resolve(server));
  });

/** The host's addresses, as its neighbours see them. */
export const own = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ address, internal }) => !internal && !address.startsWith("fe80:"))
  .map(({ address }) => address);

export const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};
