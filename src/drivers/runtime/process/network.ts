/**
 * The networks of functions (decision 18a): one namespace per organization and kind. `isolated` has a way out through
 * slirp4netns, `none` has nothing but its own loopback; both have the function door. `host` is the host's own network.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:net";
import { networkInterfaces } from "node:os";
import type { NetworkKind } from "../../../core/shared/ports.ts";
import { type Door, type HostService, type InnerListener, openInside, pipeTo } from "./door.ts";
import { type Holder, startHolder } from "./holder.ts";
import type { Log } from "./log.ts";
import { doorAddresses, doorPorts, prohibitedDestinations } from "./network-plan.ts";
import { isRoot, PROGRAM_PATH, runProgram } from "./programs.ts";

export interface NetworkOptions {
  readonly door?: Door;
  readonly allowHostServices: readonly HostService[];
  readonly log: Log;
}

export interface Networks {
  /**
   * Options of nsenter(1) that lead into the network, made on first use; empty for `host`.
   * @throws Error with the cause when the network cannot be made here.
   */
  enter(kind: NetworkKind, organization: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Network {
  readonly enter: readonly string[];
  close(): Promise<void>;
}

const enterOptions = ({ pid }: Holder): string[] => [
  ...(isRoot() ? [] : [`--user=/proc/${pid}/ns/user`, "--preserve-credentials"]),
  `--net=/proc/${pid}/ns/net`,
];

/** The way out. Ends with the server: its exit descriptor is a pipe of which the server holds the other end. */
const startWayOut = async (holder: Holder): Promise<{ close(): Promise<void>; ended: Promise<void> }> => {
  const options = ["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox", "--enable-seccomp"];
  const child = spawn("slirp4netns", [...options, "--exit-fd=3", "--ready-fd=4", String(holder.pid), "tap0"], {
    cwd: "/",
    env: { PATH: PROGRAM_PATH },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  const ended = once(child, "close").then(() => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stdio[4]?.once("data", () => resolve());
    void ended.then(
      () => reject(new Error(`slirp4netns: ${complaint.trim()}`)),
      () => undefined, // the "error" listener has rejected already
    );
  });
  return {
    ended,
    close: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
};

const prohibit = async (holder: Holder): Promise<void> => {
  const routes = prohibitedDestinations(networkInterfaces()).map(
    (destination) => `route add prohibit ${destination}\n`,
  );
  await runProgram("nsenter", [...enterOptions(holder), "ip", "-batch", "-"], routes.join(""));
};

const innerListeners = (options: NetworkOptions, kind: NetworkKind, organization: string): InnerListener[] => {
  const { door } = options;
  const doors = door === undefined ? [] : doorPorts(door).map((port) => ({ port, answer: door.connection }));
  return [
    ...doors.map(({ port, answer }) => ({
      port,
      answer: (socket: Parameters<typeof answer>[0]) => answer(socket, organization),
    })),
    ...(kind === "isolated" ? options.allowHostServices : []).map((service) => ({
      host: "127.0.0.1",
      port: service.port,
      answer: pipeTo(service),
    })),
  ];
};

const closeServer = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** The way out, the routes that lead nowhere and the door, in this order: routes need the interface. */
const furnish = async (options: NetworkOptions, holder: Holder, kind: NetworkKind, organization: string) => {
  const wayOut = kind === "isolated" ? await startWayOut(holder) : undefined;
  try {
    if (wayOut !== undefined) await prohibit(holder);
    const enter = ["nsenter", ...enterOptions(holder)];
    return { wayOut, servers: await openInside(enter, innerListeners(options, kind, organization)) };
  } catch (error) {
    await wayOut?.close();
    throw error;
  }
};

const makeNetwork = async (
  options: NetworkOptions,
  kind: NetworkKind,
  organization: string,
  lost: () => void,
): Promise<Network> => {
  const setup = ["ip link set lo up", ...doorAddresses(options.door)].join("\n");
  const holder = await startHolder(isRoot() ? ["--net"] : ["--user", "--map-root-user", "--net"], setup);
  const { wayOut, servers } = await furnish(options, holder, kind, organization).catch(async (error: unknown) => {
    await holder.close();
    throw error;
  });
  let closing = false;
  void Promise.race([holder.ended, ...(wayOut ? [wayOut.ended] : [])]).then(() => {
    if (closing) return;
    options.log.error({ organization }, "the functions' network ended unexpectedly; new workers get a new one");
    lost();
  });
  return {
    enter: enterOptions(holder),
    close: async () => {
      closing = true;
      servers.forEach((server) => void closeServer(server));
      await Promise.all([wayOut?.close(), holder.close()]);
    },
  };
};

/** The networks of this server; each is made when its first worker starts and lives until `close`. */
export const createNetworks = (options: NetworkOptions): Networks => {
  const networks = new Map<string, Promise<Network>>();

  const obtain = (kind: NetworkKind, organization: string): Promise<Network> => {
    const key = `${kind} ${organization}`;
    const forget = (): void => void networks.delete(key);
    const network = networks.get(key) ?? makeNetwork(options, kind, organization, forget);
    networks.set(key, network);
    network.catch(forget);
    return network;
  };

  return {
    enter: async (kind, organization) => (kind === "host" ? [] : (await obtain(kind, organization)).enter),
    close: async () => {
      const made = await Promise.allSettled(networks.values());
      await Promise.all(made.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
    },
  };
};
