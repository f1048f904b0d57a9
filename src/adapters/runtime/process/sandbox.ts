/**
 * The sandbox: runs one command where it sees and reaches only what it was given. Functions, the installers of the
 * builder and event drivers all run through here. The chain, each link replacing the one before by exec:
 *
 *   sh (joins the control groups) -> prlimit (core dumps, open files) -> nsenter (network, staging; leaves root) -> bwrap -> the command
 *
 * A server that runs as root drops to a user that nobody else has (host-users.ts), so that no sandboxed process is root
 * outside, whatever it is inside.
 */
import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import type { Limits, NetworkKind } from "../../../core/shared/ports.ts";
import type { Bind, Link } from "./bubblewrap.ts";
import type { Door, HostService } from "./door.ts";
import type { HostUser } from "./host-users.ts";
import type { Log } from "./log.ts";
import type { Ends, Neighbour } from "./peer.ts";

export type { Bind } from "./bubblewrap.ts";

export interface SandboxOptions {
  /** `none` runs plain child processes; only for machines that cannot do better, and warned at every start. */
  readonly mode: "bubblewrap" | "none";
  /** A folder of the server's own, 0700. */
  readonly stateDir: string;
  readonly door?: Door;
  readonly allowHostServices?: readonly HostService[];
  readonly log: Log;
}

/** One command to run in a sandbox. Paths in `command`, `args` and `directory` are as the sandbox sees them, see `pathOf`. */
export interface SandboxCommand {
  /** By which the function door knows it; without one the door answers it nothing. */
  readonly name?: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment but PATH, HOME and LANG, which have sensible values unless named here. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * What is visible besides the system's programs. Read-only sources must be readable by everybody (0755); the folders
   * above them need not be. A writable source is given to the sandbox's user (chown) when the server is root. No source
   * that could be changed by a stranger may be a link; writable ones are refused then.
   */
  readonly binds: readonly Bind[];
  /** Links besides; mode `none` has no view of its own and makes none. */
  readonly links?: readonly Link[];
  /** `nothing` is no network at all: no door, no sibling. */
  readonly network: NetworkKind | "nothing";
  readonly organization: string;
  /** Its network is its own, and that of those who say the same: any port is free in it. */
  readonly apart?: string;
  readonly limits: Limits;
  /** The user on the host, from `installer` or the owner of what is bound; default: one of its own while it lives. */
  readonly uid?: number | undefined;
  /** The working folder; default /tmp. */
  readonly directory?: string;
  /** Mebibytes of the tmpfs at /function; default 1. */
  readonly functionSpace?: number;
  /** A two-way stream on file descriptor 3. */
  readonly channel?: boolean;
  /** An open descriptor of the server's that becomes its descriptor 3; instead of a channel. */
  readonly inherited?: number;
  /** Nobody waits for it: of the processors it takes what others leave, until `setLimits`. */
  readonly background?: boolean;
}

export interface SandboxExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The kernel killed a process of it because memory ran out. */
  readonly memoryExceeded: boolean;
}

/** A running command. Its standard input is empty. */
export interface SandboxedProcess {
  readonly child: ChildProcess;
  /** Must be read, and not from `child`, which has none. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** File descriptor 3, when `channel` was asked for. */
  readonly channel: Duplex | undefined;
  /** The private temporary folder of mode `none`; "" in a real sandbox, where it is /tmp. */
  readonly temporaryFolder: string;
  readonly exited: Promise<SandboxExit>;
  /** `background` as in `SandboxCommand`. */
  setLimits(limits: Limits, background?: boolean): void;
  /** Bytes of memory in use; undefined where nobody counts them. */
  memoryUsed(): number | undefined;
  /** SIGTERM, a short grace, SIGKILL; resolves when nothing is left. */
  terminate(graceMilliseconds?: number): Promise<void>;
}

export interface Sandbox {
  readonly mode: "bubblewrap" | "none";
  /** Which limits are enforced, and how: `memory`, `cpu`, `pids`, `disk`, `seccomp`. */
  readonly limits: Readonly<Record<string, string>>;
  /** Those that a command keeps from its start, see `SandboxedProcess.setLimits`. */
  readonly fixedLimits: readonly (keyof Limits)[];
  /** Sentences about what cannot be limited here. */
  readonly warnings: readonly string[];
  /** @throws Error when the network or a bind cannot be made. A command that cannot start exits with a complaint on stderr. */
  spawn(command: SandboxCommand): Promise<SandboxedProcess>;
  /** Where the command finds a bind: its target, or in mode `none`, which has no view of its own, its source. */
  pathOf(bind: Bind): string;
  /** A user for the sandboxes that fill one folder, one after another; no function ever has it. */
  installer(): HostUser;
  /** Who holds the other end of a connection on the host's own network, when it is one of these commands. */
  neighbour(ends: Ends): Promise<Neighbour | undefined>;
  close(): Promise<void>;
}
