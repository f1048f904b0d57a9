/**
 * The addresses of the host, followed as they change. They are what the kernel delivers locally (its table `local`: every
 * address of every interface, those of `lo` and whole networks among them, and the broadcast addresses), and what
 * interfaces are given besides.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { isIPv4 } from "node:net";
import type { Log } from "./log.ts";
import { PROGRAM_PATH, runProgram } from "./programs.ts";

/** Changes come in groups; this long after the first of them all are read together. Milliseconds, as below. */
const SETTLE = 100;
const RESTART = 500;

/**
 * Sandboxes have IPv4 only, and each container that comes changes IPv6 addresses. `ip` ends with the server, even after
 * kill -9: the standard input is a pipe of which the server holds the other end.
 */
const MONITOR = "exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec ip -4 -o monitor address route 3<&- </dev/null";

interface Route {
  readonly dst?: string;
}

interface Interface {
  readonly addr_info?: readonly { readonly local?: string }[];
}

/** The IPv4 addresses and networks in the answers of `ip -j route show table local` and `ip -j address`. */
export const parseAddresses = (routes: string, interfaces: string): string[] => {
  const destinations = (JSON.parse(routes || "[]") as Route[]).map(({ dst }) => dst);
  const locals = (JSON.parse(interfaces || "[]") as Interface[])
    .flatMap(({ addr_info }) => addr_info ?? [])
    .map(({ local }) => local);
  const known = [...destinations, ...locals].filter((address) => address !== undefined);
  return [...new Set(known.filter((address) => isIPv4(address.split("/")[0] ?? "")))].toSorted();
};

/** @throws Error when `ip` fails. */
export const readHostAddresses = async (): Promise<string[]> =>
  parseAddresses(
    ...(await Promise.all([
      runProgram("ip", ["-j", "-4", "route", "show", "table", "local"]),
      runProgram("ip", ["-j", "-4", "address", "show"]),
    ])),
  );

export interface HostAddresses {
  /** The newest list. @throws Error when it cannot be read. */
  current(): Promise<readonly string[]>;
  close(): void;
}

class Follower implements HostAddresses {
  readonly #changed: (addresses: readonly string[]) => void;
  readonly #log: Log;
  #monitor: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #known = "";
  #closed = false;

  constructor(changed: (addresses: readonly string[]) => void, log: Log) {
    this.#changed = changed;
    this.#log = log;
    this.#listen();
  }

  async current(): Promise<readonly string[]> {
    const addresses = await readHostAddresses();
    const text = addresses.join();
    if (text !== this.#known && !this.#closed) {
      this.#known = text;
      this.#changed(addresses);
    }
    return addresses;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#monitor?.stdin?.end();
  }

  /** The monitor does not say when it has begun to listen, so its start counts as a change, too. */
  #listen(): void {
    if (this.#closed) return;
    const monitor = spawn("/bin/sh", ["-c", MONITOR], { cwd: "/", env: { PATH: PROGRAM_PATH } });
    this.#monitor = monitor;
    for (const stream of [monitor.stdout, monitor.stderr]) stream.on("data", () => this.#soon(SETTLE));
    monitor.stdin.on("error", () => undefined);
    monitor.once("error", () => undefined); // "close" follows
    monitor.once("close", () => {
      monitor.stdin.end();
      setTimeout(() => this.#listen(), RESTART).unref();
    });
    this.#soon(RESTART);
  }

  #soon(milliseconds: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.#read(), milliseconds);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.current();
    } catch (error) {
      this.#log.error({ err: error }, "the addresses of this machine cannot be read; trying again");
      this.#soon(RESTART);
    }
  }
}

/** Follows the host's addresses until closed. @param changed told the whole list, soon after it has changed. */
export const followHostAddresses = (changed: (addresses: readonly string[]) => void, log: Log): HostAddresses =>
  new Follower(changed, log);
