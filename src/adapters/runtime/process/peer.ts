/**
 * Who holds the other end of a connection in a functions' network? The kernel's table of that network (/proc/PID/net/tcp)
 * tells the socket's owner: its user, when every sandbox has a host user of its own, else its number, by which it is found
 * among the open files of the sandboxes' processes. Nobody inside can change either.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { isIP, isIPv4, type Socket } from "node:net";
import { isLoopback } from "../../../core/shared/loopback.ts";
import { isSandboxUser } from "./host-users.ts";

/** A sandbox that may be at the other end. */
export interface Resident {
  /** What it was started as; absent for installers, which nobody answers. */
  readonly name?: string;
  readonly organization: string;
  /** The process from which all of its others descend. */
  readonly pid: number | undefined;
  /** The host user that nobody else has; absent when it shares one. */
  readonly uid?: number;
  /** Whether its network is the host's own. */
  readonly atHost: boolean;
}

export type Residents = ReadonlySet<Resident>;

/** What the table says of one end of a connection. */
export interface Owner {
  readonly uid: number;
  /** 0 when its process has closed it. */
  readonly inode: number;
}

export type Ends = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

/** How long the search for one peer may take: a sandbox can have many open files to look through. */
const PATIENCE_MS = 2000;

/** Finds residents of one organization's network, one after the other. `holder` is a process in it. */
export const peersOf = (holder: number, organization: string, residents: Residents) => {
  let last: Promise<unknown> = Promise.resolve();
  const find = async (ends: Ends): Promise<Resident | undefined> => {
    const owner = await ownerOf(ends, holder);
    if (owner === undefined) return undefined;
    const neighbours = [...residents].filter((resident) => resident.organization === organization);
    return residentOf(owner, neighbours);
  };
  /** The sandbox at the other end; looked for once, when first asked. */
  return (socket: Socket): (() => Promise<Resident | undefined>) => {
    let found: Promise<Resident | undefined> | undefined;
    return () => {
      found ??= last.then(() => find(socket));
      last = found.catch(() => undefined);
      return found;
    };
  };
};

/** A sandbox at the other end. One without a name (an installer) gets no answer. */
export type Neighbour = Pick<Resident, "name" | "organization">;

const NOBODY: Neighbour = { organization: "" };

/**
 * The sandbox on the host's own network that holds the other end of a connection to the server, if one does. A peer that has
 * closed its end already cannot be told from a sandbox any more, so it counts as one without a name.
 */
export const neighbourAt = async (ends: Ends, residents: Residents): Promise<Neighbour | undefined> => {
  const owner = await ownerOf(ends, process.pid);
  if (owner === undefined) return isLocal(ends) ? NOBODY : undefined;
  if (owner.inode === 0) return NOBODY;
  const resident = await residentOf(
    owner,
    [...residents].filter(({ atHost }) => atHost),
  );
  return resident ?? (isSandboxUser(owner.uid) ? NOBODY : undefined);
};

/** Connections from the machine to itself are in its table as long as the other end is there. */
const isLocal = ({ remoteAddress = "", localAddress }: Ends): boolean =>
  isIP(remoteAddress) === 0 || remoteAddress === localAddress || isLoopback(remoteAddress);

const residentOf = async (owner: Owner, residents: readonly Resident[]): Promise<Resident | undefined> => {
  const known = residents.find(({ uid }) => uid === owner.uid);
  if (known !== undefined || owner.inode === 0) return known;
  const until = performance.now() + PATIENCE_MS;
  for (const resident of residents) {
    const { pid, uid } = resident;
    if (pid !== undefined && uid === undefined && (await holds(pid, `socket:[${owner.inode}]`, until))) return resident;
  }
  return undefined;
};

/** Sockets of IPv6 may speak IPv4 as well, as Java's do. */
const ownerOf = async (ends: Ends, holder: number): Promise<Owner | undefined> => {
  for (const table of ["tcp", "tcp6"]) {
    const text = await readFile(`/proc/${holder}/net/${table}`, "utf8").catch(() => "");
    const owner = findOwner(text, ends);
    if (owner !== undefined) return owner;
  }
  return undefined;
};

/** Looks for the peer's own end in the text of a table. */
export const findOwner = (table: string, ends: Ends): Owner | undefined => {
  const own = inTables(ends.remoteAddress, ends.remotePort);
  const other = inTables(ends.localAddress, ends.localPort);
  for (const line of table.split("\n")) {
    const [, local = "", remote = "", , , , , uid, , inode] = line.trim().split(/\s+/);
    if (own.includes(local) && other.includes(remote)) return { uid: Number(uid), inode: Number(inode) };
  }
  return undefined;
};

/** An address and a port as the tables write them: 32-bit words in the order of a little-endian machine, then the port. */
const inTables = (address = "", port = 0): string[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv4(plain)) return [words(bytesOfIPv6(plain)) + suffix];
  const word = words(plain.split(".").map(Number));
  return [word + suffix, `${"0".repeat(16)}FFFF0000${word}${suffix}`];
};

const words = (bytes: readonly number[]): string => {
  const text: string[] = [];
  for (let at = 0; at < bytes.length; at += 4)
    text.push(
      Buffer.from(bytes.slice(at, at + 4))
        .reverse()
        .toString("hex"),
    );
  return text.join("").toUpperCase();
};

const bytesOfIPv6 = (address: string): number[] => {
  const [head = [], tail] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - head.length - (tail?.length ?? 0)).fill("0");
  const groups = tail === undefined ? head : [...head, ...zeros, ...tail];
  return groups.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 0xff]);
};

/** Whether a process, or one that descends from it, has a file open. */
const holds = async (pid: number, file: string, until: number): Promise<boolean> => {
  if (performance.now() > until) return false;
  if (await hasOpen(pid, file, until)) return true;
  for (const thread of await list(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "");
    for (const child of children.split(" ").filter(Boolean)) if (await holds(Number(child), file, until)) return true;
  }
  return false;
};

const hasOpen = async (pid: number, file: string, until: number): Promise<boolean> => {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await list(folder)) {
    if (performance.now() > until) return false;
    if ((await readlink(`${folder}/${descriptor}`).catch(() => "")) === file) return true;
  }
  return false;
};

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
