/**
 * The networks of functions (decision 18a): one namespace per organization and kind. `isolated` has a way out through
 * slirp4netns, `none` has nothing but its own loopback; both have the function door. `host` is the host's own network.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import type { NetworkKind } from "../../../core/shared/ports.ts";
import { ConnectionGate, connectionLimits } from "./connection-gate.ts";
import { type Door, type HostService, type InnerListener, openInside, pipeTo } from "./door.ts";
import { type Holder, startHolder } from "./holder.ts";
import { followHostAddresses, type HostAddresses } from "./host-addresses.ts";
import type { Log } from "./log.ts";
import { doorAddresses, doorPorts, filterRules, filterUpdate } from "./network-plan.ts";
import { peersOf, type Resident, type Residents } from "./peer.ts";
import { INSTALL_PROGRAMS, isRoot, missingPrograms, PROGRAM_PATH, runProgram } from "./programs.ts";

export interface NetworkOptions {
  readonly door?: Door;
  readonly allowHostServices: readonly HostService[];
  /** The sandboxes that live. */
  readonly residents: Residents;
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

interface GatedOptions extends NetworkOptions {
  readonly gate: ConnectionGate;
}

interface Network {
  readonly enter: readonly string[];
  /** The host's addresses have changed. */
  update(hostAddresses: readonly string[]): void;
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

const loadFilter = (holder: Holder, rules: string): Promise<string> =>
  runProgram("nsenter", [...enterOptions(holder), "nft", "-f", "-"], rules);

/** A listener that is told who calls. */
interface GatedListener {
  readonly host?: string;
  readonly port: number;
  readonly answer: (socket: Socket, peer: () => Promise<Resident | undefined>) => void;
}

const doorListeners = ({ door }: NetworkOptions, organization: string): GatedListener[] =>
  door === undefined
    ? []
    : doorPorts(door).map((port) => ({
        port,
        answer: (socket, peer) => door.connection(socket, organization, async () => (await peer())?.name),
      }));

const innerListeners = (
  options: GatedOptions,
  { pid }: Holder,
  kind: NetworkKind,
  organization: string,
): InnerListener[] => {
  const services = kind === "isolated" ? options.allowHostServices : [];
  const listeners: GatedListener[] = [
    ...doorListeners(options, organization),
    ...services.map((service) => ({ ...service, answer: pipeTo(service) })),
  ];
  const peerAt = peersOf(pid, organization, options.residents);
  return listeners.map((listener) => ({
    ...listener,
    answer: (socket) => {
      const peer = peerAt(socket);
      if (options.gate.admit(socket, organization, peer)) listener.answer(socket, peer);
    },
  }));
};

const closeServer = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** The filter, the way out and the door, in this order: there is no moment without the filter. */
const furnish = async (
  options: GatedOptions,
  holder: Holder,
  kind: NetworkKind,
  organization: string,
  addresses: () => HostAddresses,
) => {
  if (kind === "isolated") await loadFilter(holder, filterRules(await addresses().current()));
  const wayOut = kind === "isolated" ? await startWayOut(holder) : undefined;
  try {
    const enter = ["nsenter", ...enterOptions(holder)];
    return { wayOut, servers: await openInside(enter, innerListeners(options, holder, kind, organization)) };
  } catch (error) {
    await wayOut?.close();
    throw error;
  }
};

/** A network with a way out needs both: without the filter, the way out would lead to the host. */
export const WAY_OUT_PROGRAMS = ["slirp4netns", "nft"];

const refuseWithoutPrograms = async (kind: NetworkKind): Promise<void> => {
  const missing = kind === "isolated" ? await missingPrograms(WAY_OUT_PROGRAMS) : [];
  if (missing.length === 0) return;
  throw new Error(
    `network isolated needs ${missing.join(" and ")}, not installed here. Run \`${INSTALL_PROGRAMS}\`, or choose network none`,
  );
};

const makeNetwork = async (
  options: GatedOptions,
  kind: NetworkKind,
  organization: string,
  addresses: () => HostAddresses,
  lost: () => void,
): Promise<Network> => {
  await refuseWithoutPrograms(kind);
  const setup = ["ip link set lo up", ...doorAddresses(options.door)].join("\n");
  const holder = await startHolder(isRoot() ? ["--net"] : ["--user", "--map-root-user", "--net"], setup);
  const furnished = await furnish(options, holder, kind, organization, addresses).catch(async (error: unknown) => {
    await holder.close();
    throw error;
  });
  const { wayOut, servers } = furnished;
  let closing = false;
  void Promise.race([holder.ended, ...(wayOut ? [wayOut.ended] : [])]).then(() => {
    if (closing) return;
    options.log.error({ organization }, "the functions' network ended unexpectedly; new workers get a new one");
    lost();
  });
  let updated: Promise<unknown> = Promise.resolve();
  const update = async (hostAddresses: readonly string[]): Promise<void> => {
    try {
      await loadFilter(holder, filterUpdate(hostAddresses));
    } catch (error) {
      options.log.error(
        { organization, err: error },
        "the functions' network is cut off: its filter cannot be changed",
      );
      await wayOut?.close();
    }
  };
  return {
    enter: enterOptions(holder),
    update: (hostAddresses) => {
      if (wayOut !== undefined) updated = updated.then(() => (closing ? undefined : update(hostAddresses)));
    },
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
  const gated = { ...options, gate: new ConnectionGate(connectionLimits(), options.log) };
  let followed: HostAddresses | undefined;

  /** Also to networks that are being made: they may have read an older list. */
  const updateAll = (hostAddresses: readonly string[]): void => {
    for (const network of networks.values()) {
      network.then(
        ({ update }) => update(hostAddresses),
        () => undefined, // whoever asked for it hears why it could not be made
      );
    }
  };

  const addresses = (): HostAddresses => {
    followed ??= followHostAddresses(updateAll, options.log);
    return followed;
  };

  const obtain = (kind: NetworkKind, organization: string): Promise<Network> => {
    const key = `${kind} ${organization}`;
    const forget = (): void => void networks.delete(key);
    const network = networks.get(key) ?? makeNetwork(gated, kind, organization, addresses, forget);
    networks.set(key, network);
    network.catch(forget);
    return network;
  };

  return {
    enter: async (kind, organization) => (kind === "host" ? [] : (await obtain(kind, organization)).enter),
    close: async () => {
      followed?.close();
      const made = await Promise.allSettled(networks.values());
      await Promise.all(made.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
    },
  };
};
