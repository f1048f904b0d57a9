/**
 * How many connections functions may have open to the server at once: to the function door and to allowed services of the
 * host. Each costs the server descriptors, which API and gateway need as well.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Log } from "./log.ts";

export interface ConnectionLimits {
  /** For one worker: its organization's others need the door as well. */
  readonly worker: number;
  readonly organization: number;
  readonly server: number;
}

const PER_ORGANIZATION = 256;

/** How often, at most, the log says that an organization is refused; milliseconds. */
const SAY_EVERY = 60_000;

/** A quarter of the descriptors that the server may have; one organization gets at most half of those, one worker half of its. */
export const connectionLimits = (limits: string = readFileSync("/proc/self/limits", "utf8")): ConnectionLimits => {
  const [, soft = "1024"] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  const server = Math.max(16, Math.floor(Number(soft) / 4));
  const organization = Math.min(PER_ORGANIZATION, Math.floor(server / 2));
  return { server, organization, worker: Math.floor(organization / 2) };
};

/** Finds who is at the other end of a connection; whoever is the same is the same object. */
export type FindPeer = () => Promise<object | undefined>;

export class ConnectionGate {
  readonly #limits: ConnectionLimits;
  readonly #log: Log;
  /** Of each organization, the oldest first. */
  readonly #open = new Map<string, Map<Socket, FindPeer>>();
  readonly #said = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Counts a connection until it ends; one too many is reset, and the answer is false, or it is reset a moment later. */
  admit(socket: Socket, organization: string, peer: FindPeer): boolean {
    const open = this.#open.get(organization) ?? new Map<Socket, FindPeer>();
    if (open.size >= this.#limits.organization || this.#total >= this.#limits.server) {
      this.#refuse(socket, organization, open.size);
      return false;
    }
    this.#count(socket, organization, open, peer);
    // With so few connections no single worker can have too many, so the search for its owner is saved.
    if (open.size > this.#limits.worker) void this.#refuseExcess(organization, open);
    return true;
  }

  #count(socket: Socket, organization: string, open: Map<Socket, FindPeer>, peer: FindPeer): void {
    this.#open.set(organization, open.set(socket, peer));
    this.#total += 1;
    socket.once("close", () => {
      this.#total -= 1;
      if (open.delete(socket) && open.size === 0) this.#open.delete(organization);
    });
  }

  /** Resets the youngest connections of each worker that has more than it may. */
  async #refuseExcess(organization: string, open: Map<Socket, FindPeer>): Promise<void> {
    const held = new Map<object, number>();
    for (const [socket, peer] of open) {
      const worker = await peer().catch(() => undefined);
      if (worker === undefined || socket.destroyed) continue;
      const count = (held.get(worker) ?? 0) + 1;
      if (count > this.#limits.worker) this.#refuse(socket, organization, open.size);
      else held.set(worker, count);
    }
  }

  #refuse(socket: Socket, organization: string, open: number): void {
    socket.on("error", () => undefined).resetAndDestroy();
    const now = performance.now();
    if (now - (this.#said.get(organization) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY) return;
    this.#said.set(organization, now);
    this.#log.warn({ organization, open }, "functions have too many connections to the server open; more are refused");
  }
}
