/**
 * Listeners inside a functions' network that are answered by the server outside of it. A short child enters the network,
 * opens them there and hands them to the server over Node's IPC channel; no forwarding process remains.
 */
import { spawn } from "node:child_process";
import { connect, Server, type Socket } from "node:net";
import { PROGRAM_PATH } from "./programs.ts";

/** The server's own listener for functions (decision 16), as seen from inside their network. */
export interface Door {
  /** The port of 127.0.0.1 in the functions' network: the port of the API. */
  readonly port: number;
  /** Other names and addresses that mean this server, each with its port: the door is behind them as well. */
  readonly names: readonly HostService[];
  /** Called for each connection, with the organization whose network it came from; `peer` names who is at its other end. */
  connection(socket: Socket, organization: string, peer: () => Promise<string | undefined>): void;
}

/** One service of the host that functions may reach at the same loopback address. */
export interface HostService {
  readonly host: string;
  readonly port: number;
}

/** Answers one listener inside the network. */
export interface InnerListener {
  /** Undefined: every address in the network, none of which anybody outside of it reaches. */
  readonly host?: string;
  readonly port: number;
  readonly answer: (socket: Socket) => void;
}

/** Runs inside the network: opens each place of its arguments in turn, and ends once all have been handed over, or when the server has died: nobody writes to its standard input. */
const OPENER = `
const { createServer } = require("node:net");
const places = process.argv.slice(1).map(JSON.parse);
process.stdin.on("end", () => process.exit(1)).resume().unref();
const open = (index) => {
  if (index === places.length) return process.disconnect();
  const server = createServer();
  server.on("error", (error) => { console.error(error.message); process.exit(1); });
  server.listen(places[index], () => process.send({ index }, server, () => { server.close(); open(index + 1); }));
};
open(0);
`;

const complain = (text: string): Error => new Error(`the function door could not be opened: ${text.trim()}`);

/**
 * Opens the listeners in another network namespace.
 * @param enter the command line that enters it, to be followed by a command.
 * @throws Error when a port could not be opened inside.
 */
export const openInside = async (enter: readonly string[], listeners: readonly InnerListener[]): Promise<Server[]> => {
  if (listeners.length === 0) return [];
  const [command = "", ...args] = [
    ...enter,
    process.execPath,
    "-e",
    OPENER,
    ...listeners.map(({ host, port }) => JSON.stringify({ host, port })),
  ];
  const child = spawn(command, args, { env: { PATH: PROGRAM_PATH }, stdio: ["pipe", "ignore", "pipe", "ipc"] });
  child.stdin?.on("error", () => undefined);
  const servers: Server[] = [];
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.on("message", (message: { readonly index: number }, handle) => {
    const listener = listeners[message.index];
    if (!(handle instanceof Server) || listener === undefined) return;
    handle.on("connection", listener.answer);
    servers.push(handle);
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(complain(complaint))));
  });
  return servers;
};

/** Answers with a pipe to a service of the host; either side's end is the other's end. */
export const pipeTo =
  ({ host, port }: HostService) =>
  (inner: Socket): void => {
    const outer = connect(port, host);
    inner.on("error", () => outer.destroy());
    outer.on("error", () => inner.destroy());
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
    inner.pipe(outer).pipe(inner);
  };
