/**
 * How many connections functions may have open to the server at once: to the function door and to allowed services of the
 * host. Each costs the server descriptors, which API and gateway need as well.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Log } from "./log.ts";

export interface ConnectionLimits {
  readonly organization: number;
  readonly server: number;
}

const PER_ORGANIZATION = 256;

/** How often, at most, the log says that an organization is refused; milliseconds. */
const SAY_EVERY = 60_000;

/** A quarter of the descriptors that the server may have; one organization gets at most half of those. */
export const connectionLimits = (limits: string = readFileSync("/proc/self/limits", "utf8")): ConnectionLimits => {
  const [, soft = "1024"] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  const server = Math.max(16, Math.floor(Number(soft) / 4));
  return { server, organization: Math.min(PER_ORGANIZATION, Math.floor(server / 2)) };
};

export class ConnectionGate {
  readonly #limits: ConnectionLimits;
  readonly #log: Log;
  readonly #open = new Map<string, number>();
  readonly #said = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Counts a connection until it ends; one too many is reset, and the answer is false. */
  admit(socket: Socket, organization: string): boolean {
    const open = this.#open.get(organization) ?? 0;
    if (open >= this.#limits.organization || this.#total >= this.#limits.server) {
      socket.on("error", () => undefined).resetAndDestroy();
      this.#say(organization, open);
      return false;
    }
    this.#count(organization, 1);
    socket.once("close", () => this.#count(organization, -1));
    return true;
  }

  #count(organization: string, change: 1 | -1): void {
    const open = (this.#open.get(organization) ?? 0) + change;
    if (open === 0) this.#open.delete(organization);
    else this.#open.set(organization, open);
    this.#total += change;
  }

  #say(organization: string, open: number): void {
    const now = performance.now();
    if (now - (this.#said.get(organization) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY) return;
    this.#said.set(organization, now);
    this.#log.warn({ organization, open }, "functions have too many connections to the server open; more are refused");
  }
}
