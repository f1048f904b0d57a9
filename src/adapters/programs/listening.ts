/**
 * The listening socket of an exposed program. The server binds it in a folder that it alone may enter, and the program
 * inherits it: nobody else, neither on the host nor in the program's network, can call the program or take its place, and
 * the program cannot lead the server elsewhere. When the program ends, its address refuses connections.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";

export interface Listening {
  readonly path: string;
  /** To be inherited. */
  readonly descriptor: number;
  /** Somebody waits to be let in, and nobody is in: the program does not listen yet. */
  readonly isDeaf: boolean;
  /** The program has it, or there will be none: the server's own end is closed. */
  release(): void;
  remove(): void;
}

export type Sockets = () => Promise<Listening>;

/** What a server that died left in the folder is removed. */
export function socketsIn(folder: string): Sockets {
  let directory: string | undefined;
  let count = 0;
  return async () => {
    directory ??= emptyFolder(folder);
    count += 1;
    return listening(`${directory}/${count}`);
  };
}

/** By its descriptor: the path of a socket has 107 bytes at most, however long that of the folder is. */
function emptyFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return `/proc/self/fd/${openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)}`;
}

async function listening(path: string): Promise<Listening> {
  // Closing the server removes what it has made; by then it has another name. The kernel goes on to show this one.
  const born = `${path}.${randomBytes(6).toString("hex")}`;
  const server = createServer().listen(born);
  await once(server, "listening");
  const { _handle } = server as unknown as { readonly _handle: { readonly fd: number } };
  return {
    path,
    descriptor: _handle.fd,
    get isDeaf() {
      return isDeaf(born);
    },
    release: () => {
      renameSync(born, path);
      server.close();
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** As the kernel's table of sockets has it: `02` is a connection that nobody has accepted, `03` one that somebody has. */
function isDeaf(address: string): boolean {
  const states = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(` ${address}`))
    .map((line) => line.split(/\s+/)[5]);
  return states.includes("02") && !states.includes("03");
}
