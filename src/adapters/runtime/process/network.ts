/**
 * The networks of functions (decision 18a): one namespace per organization and kind. `isolated` has a way out through
 * slirp4netns, `none` has nothing but its own loopback; both have the function door. `host` is the host's own network.
 */
import type { Server, Socket } from "node:net";
import type { NetworkKind } from "../../../core/shared/ports.ts";
import { ConnectionGate, connectionLimits } from "./connection-gate.ts";
import { type Door, type HostService, type InnerListener, openInside, pipeTo } from "./door.ts";
import { type Holder, startHolder } from "./holder.ts";
import { followHostAddresses, type HostAddresses } from "./host-addresses.ts";
import type { Log } from "./log.ts";
import { doorAddresses, doorPorts, filterRules, filterUpdate } from "./network-plan.ts";
import { peersOf, type Resident, type Residents } from "./peer.ts";
import { INSTALL_PROGRAMS, isRoot, missingPrograms, runProgram } from "./programs.ts";
import { openWayOut } from "./way-out.ts";

export interface NetworkOptions {
  readonly door?: Door;
  readonly allowHostServices: readonly HostService[];
  /** The sandboxes that live. */
  readonly residents: Residents;
  /** So long a network lives on when nobody is inside, in milliseconds; default one minute. */
  readonly emptyMilliseconds?: number;
  readonly log: Log;
}

/** The place of one sandbox in a network. */
export interface Place {
  /** Options of nsenter(1) that lead there; empty for `host`. */
  readonly enter: readonly string[];
  /** The sandbox has ended, or never started. */
  leave(): void;
}

export interface Networks {
  /** A place in a network, which is made on first use; `apart` names one that an organization has besides. @throws Error with the cause when that is not possible here. */
  enter(kind: NetworkKind, organization: string, apart?: string): Promise<Place>;
  close(): Promise<void>;
}

interface GatedOptions extends NetworkOptions {
  readonly gate: ConnectionGate;
}

interface Network {
  readonly enter: readonly string[];
  /** Sandboxes inside, or on their way. */
  inside: number;
  emptySince: number;
  /** The host's addresses have changed. */
  update(hostAddresses: readonly string[]): void;
  close(): Promise<void>;
}

const enterOptions = ({ pid }: Holder): string[] => [
  ...(isRoot() ? [] : [`--user=/proc/${pid}/ns/user`, "--preserve-credentials"]),
  `--net=/proc/${pid}/ns/net`,
];

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
  const wayOut = kind === "isolated" ? await openWayOut(holder.pid, organization, options.log) : undefined;
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

/** Nobody inside is root, and port 80 is what programs made for containers listen on. Where /proc/sys cannot be written it stays as it is. */
const ALL_PORTS = "{ echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start; } 2>/dev/null || :";

const makeNetwork = async (
  options: GatedOptions,
  kind: NetworkKind,
  organization: string,
  addresses: () => HostAddresses,
  lost: () => void,
): Promise<Network> => {
  await refuseWithoutPrograms(kind);
  const setup = ["ip link set lo up", ALL_PORTS, ...doorAddresses(options.door)].join("\n");
  const holder = await startHolder(isRoot() ? ["--net"] : ["--user", "--map-root-user", "--net"], setup);
  const furnished = await furnish(options, holder, kind, organization, addresses).catch(async (error: unknown) => {
    await holder.close();
    throw error;
  });
  const { wayOut, servers } = furnished;
  let closing = false;
  void holder.ended.then(() => {
    if (closing) return;
    options.log.error({ organization }, "the door of the functions' network is shut; new workers get a new network");
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
      lost();
    }
  };
  return {
    enter: enterOptions(holder),
    inside: 0,
    emptySince: performance.now(),
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

const EMPTY_MILLISECONDS = 60_000;
const SWEEPS = 4;

/** The networks of this server; each is made when its first worker starts, and ends a while after its last. */
class LivingNetworks implements Networks {
  readonly #options: GatedOptions;
  readonly #emptyMilliseconds: number;
  /** By kind and organization, those that take new sandboxes. */
  readonly #open = new Map<string, Promise<Network>>();
  /** All networks that exist, also those that only wait until the last sandbox inside has ended; with the function that closes each to new sandboxes. */
  readonly #made = new Map<Network, () => void>();
  readonly #sweeper: NodeJS.Timeout;
  #followed: HostAddresses | undefined;
  #latest: readonly string[] | undefined;

  constructor(options: NetworkOptions) {
    this.#options = { ...options, gate: new ConnectionGate(connectionLimits(), options.log) };
    this.#emptyMilliseconds = options.emptyMilliseconds ?? EMPTY_MILLISECONDS;
    this.#sweeper = setInterval(() => this.#sweep(), this.#emptyMilliseconds / SWEEPS).unref();
  }

  async enter(kind: NetworkKind, organization: string, apart = ""): Promise<Place> {
    if (kind === "host") return { enter: [], leave: () => undefined };
    const network = await this.#obtain(kind, organization, apart);
    network.inside++;
    return {
      enter: network.enter,
      leave: () => {
        network.inside--;
        network.emptySince = performance.now();
      },
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#followed?.close();
    await Promise.allSettled(this.#open.values());
    await Promise.all([...this.#made.keys()].map((network) => network.close()));
  }

  #obtain(kind: NetworkKind, organization: string, apart: string): Promise<Network> {
    const key = `${kind} ${organization} ${apart}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const shut = (): void => {
      if (this.#open.get(key) === making) this.#open.delete(key);
    };
    const making = this.#make(kind, organization, shut);
    this.#open.set(key, making);
    making.catch(shut);
    return making;
  }

  async #make(kind: NetworkKind, organization: string, shut: () => void): Promise<Network> {
    const before = this.#latest;
    const network = await makeNetwork(this.#options, kind, organization, () => this.#addresses(), shut);
    this.#made.set(network, shut);
    if (this.#latest !== undefined && this.#latest !== before) network.update(this.#latest);
    return network;
  }

  #addresses(): HostAddresses {
    this.#followed ??= followHostAddresses((addresses) => this.#update(addresses), this.#options.log);
    return this.#followed;
  }

  /** A network that is being made may have read an older list, so it gets this one once it is made. */
  #update(hostAddresses: readonly string[]): void {
    this.#latest = hostAddresses;
    for (const network of this.#made.keys()) network.update(hostAddresses);
  }

  #sweep(): void {
    const before = performance.now() - this.#emptyMilliseconds;
    for (const [network, shut] of this.#made) {
      if (network.inside > 0 || network.emptySince > before) continue;
      shut();
      this.#made.delete(network);
      void network.close();
    }
  }
}

export const createNetworks = (options: NetworkOptions): Networks => new LivingNetworks(options);
