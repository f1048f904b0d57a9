/**
 * An exposed program of the older driver library knows nothing of sockets that are inherited: it listens on port 80, as in a
 * container of its own. Here it has a network of its own, in which any port is free for it; as soon as it listens there, a
 * relay beside it is what the server calls.
 */
import { readFileSync } from "node:fs";

/** On which programs listen that know no better; the others are there for those that ask for `PORT`, where 80 is taken. */
const PORTS = [80, 8000, 8001, 8002];
const LOOK_EVERY_MS = 500;

export interface Relay {
  readonly path: string;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface OwnPort {
  /** The path of the relay's socket, while it runs. */
  readonly path: string | undefined;
  /** Resolves when the relay has ended, and none follows. */
  end(): Promise<void>;
}

/** The port of an exposed program; `taken`: by the server itself, in every network of functions. */
export function portOf(taken: readonly number[]): number {
  return PORTS.find((port) => !taken.includes(port)) ?? 0;
}

/** Looks until the program `pid` or one in its network listens on this port, and starts the relay then, and again when that has ended. */
export function followPort(pid: number, port: number, start: () => Promise<Relay>): OwnPort {
  let relay: Relay | undefined;
  let starting: Promise<void> = Promise.resolve();
  let isOver = false;
  const begin = async (): Promise<void> => {
    const begun = await start();
    if (isOver) return begun.stop();
    relay = begun;
    void begun.exited.then(() => {
      relay = undefined;
      look();
    });
  };
  let timer: NodeJS.Timeout;
  const look = (): void => {
    if (isOver) return;
    if (isListening(pid, port)) starting = begin().catch(later);
    else later();
  };
  const later = (): void => {
    timer = setTimeout(look, LOOK_EVERY_MS).unref();
  };
  look();
  return {
    get path() {
      return relay?.path;
    },
    end: async () => {
      isOver = true;
      clearTimeout(timer);
      await starting;
      await relay?.stop();
    },
  };
}

/** Whether somebody listens in the network of this process, as the kernel's table of its sockets has it: state `0A` is listening. */
export function isListening(pid: number, port: number): boolean {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
  const line = new RegExp(`^ *\\d+: [0-9A-F]+:${hexadecimal} [0-9A-F]+:0000 0A `, "m");
  return ["tcp", "tcp6"].some((table) => {
    try {
      return line.test(readFileSync(`/proc/${pid}/net/${table}`, "utf8"));
    } catch {
      return false; // it has ended, or the machine has no version 6
    }
  });
}
