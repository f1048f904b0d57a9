/**
 * Who sandboxes are on the host when the server is root: each has a user of its own while it lives, so that what the kernel
 * counts for each user (inotify, memory of pipes, message queues) is never shared, and none can touch what another owns.
 *
 * The users lie above the ranges that distributions give to people, services, subordinate ids and systemd's containers, and
 * below those that systemd keeps free (systemd's UIDS-GIDS), so that they own nothing. Each server takes a block of them.
 */
import { createServer } from "node:net";

/** A user of the host for the time of one sandbox, or of several on one folder. */
export interface HostUser {
  /** User and group; undefined for a server that is not root: its sandboxes are its own user. */
  readonly uid: number | undefined;
  release(): void;
}

/** Installers own the files of images; no function ever has the user of an installer. */
export type HostUserKind = "function" | "installer";

export interface HostUsers {
  /** @throws Error when too many live. */
  claim(kind: HostUserKind): HostUser;
  close(): void;
}

const FIRST = 1_900_000_000;
const BLOCK_SIZE = 10_000;
const BLOCKS = 24_000;
const TRIES = 1000;

/** Whether a user of the host can only be one of a sandbox. */
export const isSandboxUser = (uid: number): boolean => uid >= FIRST && uid < FIRST + BLOCKS * BLOCK_SIZE;

/** Where a kind's users begin in a block, and how many there are. */
const SHARES: Record<HostUserKind, readonly [start: number, count: number]> = {
  function: [0, 8000],
  installer: [8000, 2000],
};

/** A name that one process of this network namespace has at a time; the kernel gives it back at the process's end. */
const hold = (name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen(`\0${name}`, () => {
      server.unref();
      resolve(() => server.close());
    });
  });

interface Block {
  readonly first: number;
  release(): void;
}

const takeBlock = async (): Promise<Block> => {
  for (let block = 0; block < TRIES; block += 1) {
    const release = await hold(`dispatch-users-${block}`);
    if (release !== undefined) return { first: FIRST + block * BLOCK_SIZE, release };
  }
  // Somebody holds a thousand names on purpose: a block is then drawn at random.
  const block = TRIES + Math.floor(Math.random() * (BLOCKS - TRIES));
  return { first: FIRST + block * BLOCK_SIZE, release: () => undefined };
};

/** The next one after the last, so that a user comes back as late as possible. */
const rotating = (start: number, count: number): (() => HostUser) => {
  const living = new Set<number>();
  let last = count - 1;
  return () => {
    if (living.size === count) throw new Error(`more than ${count} sandboxes at once`);
    do last = (last + 1) % count;
    while (living.has(last));
    const mine = last;
    living.add(mine);
    return { uid: start + mine, release: () => void living.delete(mine) };
  };
};

/** The users of a server that is root. */
export const openHostUsers = async (): Promise<HostUsers> => {
  const { first, release } = await takeBlock();
  const claims = {
    function: rotating(first + SHARES.function[0], SHARES.function[1]),
    installer: rotating(first + SHARES.installer[0], SHARES.installer[1]),
  };
  return { claim: (kind) => claims[kind](), close: release };
};

/** Where every sandbox is the server's own user. */
export const ownUser: HostUsers = {
  claim: () => ({ uid: undefined, release: () => undefined }),
  close: () => undefined,
};
