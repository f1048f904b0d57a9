/** The command line of the chain that sandbox.ts describes: each program replaces the one before by exec. */
import type { Limits } from "../../../core/shared/ports.ts";
import type { ControlGroup, ControlGroups } from "./cgroups.ts";
import type { InheritedDescriptors } from "./inherited-descriptors.ts";
import { processLimits } from "./process-limits.ts";
import type { SandboxCommand } from "./sandbox.ts";

/** The descriptor on which bubblewrap reads its options. */
export const ARGUMENTS_FD = 4;

/** A guest's own copies of stdout and stderr, for the case that the function closes those (src/guest/PROTOCOL.md). */
export const COPY_OUTPUTS = "exec 7>&1 8>&2";

/** Mebibytes of writable address space that V8 reserves at its start, long before it uses them. */
const RESERVED_BY_V8 = 576;

/** Without control groups the memory of each process is limited by its data segment, and nothing limits the processor. */
const joinScript = (
  joinFiles: readonly string[],
  memory: number | undefined,
  inherited: readonly number[],
  copies: boolean,
): string =>
  [
    ...inherited.map((descriptor) => `exec ${descriptor}>&-`),
    ...(copies ? [COPY_OUTPUTS] : []),
    ...(memory === undefined ? [] : [`ulimit -d ${(memory + RESERVED_BY_V8) * 1024}`]),
    ...joinFiles.map(() => 'echo 0 > "$1"; shift'),
    'exec "$@"',
  ].join("\n");

/**
 * Enters the namespaces and leaves root, with no group of root's left. A server that is root always has namespaces to enter;
 * the same program does both, because each one more in the chain waits for its turn on the processor.
 */
const enter = (namespaces: readonly string[], uid: number | undefined): string[] => {
  const options = uid === undefined ? namespaces : [...namespaces, `--setgid=${uid}`, `--setuid=${uid}`];
  return options.length === 0 ? [] : ["nsenter", ...options];
};

/** `prlimit` runs inside, because the number of processes of a user is counted per user namespace. */
const limitProcesses = ({ controllers }: ControlGroups, { pids }: Limits): string[] =>
  controllers.pids === undefined ? ["/usr/bin/prlimit", `--nproc=${pids}`] : [];

export interface ChainParts {
  readonly groups: ControlGroups;
  readonly group: ControlGroup;
  /** Options of nsenter(1): the network, the staging namespace. */
  readonly namespaces: readonly string[];
  readonly inherited: InheritedDescriptors;
  /** The user that root becomes; undefined for a server that is not root. */
  readonly uid: number | undefined;
}

/** Program and arguments that run a command in the sandbox; bubblewrap's own options come on ARGUMENTS_FD. */
export const chain = ({ groups, group, namespaces, inherited, uid }: ChainParts, command: SandboxCommand): string[] => {
  const memory = groups.controllers.memory === undefined ? command.limits.memory : undefined;
  return [
    ...[
      inherited.shell,
      "-e",
      "-c",
      joinScript(group.joinFiles, memory, inherited.descriptors, command.channel === true),
    ],
    ...["sh", ...group.joinFiles, ...processLimits()],
    ...enter(namespaces, uid),
    ...["bwrap", "--args", String(ARGUMENTS_FD), "--"],
    ...limitProcesses(groups, command.limits),
    ...[command.command, ...command.args],
  ];
};
