/** The real sandbox: the chain of programs that sandbox.ts describes. */
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import type { Limits, NetworkKind } from "../../../core/shared/ports.ts";
import { type Bind, bubblewrapOptions } from "./bubblewrap.ts";
import { type ControlGroup, type ControlGroups, openControlGroups } from "./cgroups.ts";
import { exitOf, GRACE_MILLISECONDS, signalQuietly } from "./child-end.ts";
import { createNetworks, type Networks } from "./network.ts";
import { PROGRAM_PATH } from "./programs.ts";
import { makeEtc, systemView } from "./root-view.ts";
import type { Sandbox, SandboxCommand, SandboxedProcess, SandboxOptions } from "./sandbox.ts";
import { seccompProgram } from "./seccomp.ts";
import { createStaging, type Staging } from "./staging.ts";
import { terminate } from "./terminate.ts";

/**
 * The user and group of sandboxed processes on the host when the server is root: above the ranges that distributions
 * give to people, services, subordinate ids and systemd's containers, so that it owns nothing.
 */
export const SANDBOX_UID = 1_900_000_000;

const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/tmp", LANG: "C.UTF-8" };
const ARGUMENTS_FD = 4;
const SECCOMP_FD = 5;
const INFO_FD = 6;

const isRoot = (): boolean => process.getuid?.() === 0;

interface Parts {
  readonly groups: ControlGroups;
  readonly networks: Networks;
  readonly staging: Staging | undefined;
  readonly seccompFile: string | undefined;
  readonly etc: Readonly<Record<NetworkKind, readonly Bind[]>>;
}

/** Without control groups the memory of each process is limited by its data segment, and nothing limits the processor. */
const joinScript = (joinFiles: readonly string[], memory: number | undefined): string =>
  [
    "ulimit -c 0",
    ...(memory === undefined ? [] : [`ulimit -d ${memory * 1024}`]),
    ...joinFiles.map(() => 'echo 0 > "$1"; shift'),
    'exec "$@"',
  ].join("\n");

const dropRoot = ["setpriv", `--reuid=${SANDBOX_UID}`, `--regid=${SANDBOX_UID}`, "--clear-groups"];

/** `prlimit` runs inside, because the number of processes of a user is counted per user namespace. */
const limitProcesses = ({ controllers }: ControlGroups, { pids }: Limits): string[] =>
  controllers.pids === undefined ? ["/usr/bin/prlimit", `--nproc=${pids}`] : [];

const chain = (parts: Parts, command: SandboxCommand, group: ControlGroup, enter: readonly string[]): string[] => {
  const { groups, staging } = parts;
  const namespaces = [...enter, ...(staging === undefined ? [] : [`--mount=${staging.namespace}`])];
  return [
    ...["/bin/sh", "-e", "-c"],
    joinScript(group.joinFiles, groups.controllers.memory === undefined ? command.limits.memory : undefined),
    ...["sh", ...group.joinFiles],
    ...(namespaces.length === 0 ? [] : ["nsenter", ...namespaces]),
    ...(isRoot() ? dropRoot : []),
    ...["bwrap", "--args", String(ARGUMENTS_FD), "--"],
    ...limitProcesses(groups, command.limits),
    ...[command.command, ...command.args],
  ];
};

const resolveBinds = (staging: Staging | undefined, binds: readonly Bind[]): Promise<Bind[]> =>
  Promise.all(
    binds.map(async (bind) => {
      if (bind.writable && isRoot()) chownSync(bind.source, SANDBOX_UID, SANDBOX_UID);
      return staging === undefined ? bind : { ...bind, source: await staging.reachable(bind.source) };
    }),
  );

const optionsOf = async (parts: Parts, command: SandboxCommand): Promise<Buffer> => {
  const system = systemView();
  const options = bubblewrapOptions({
    links: system.links,
    binds: await resolveBinds(parts.staging, [...system.binds, ...parts.etc[command.network], ...command.binds]),
    environment: { ...ENVIRONMENT, ...command.environment },
    directory: command.directory ?? "/tmp",
    disk: command.limits.disk,
    functionSpace: command.functionSpace ?? 1,
    infoFd: INFO_FD,
    ...(parts.seccompFile === undefined ? {} : { seccompFd: SECCOMP_FD }),
  });
  return Buffer.from(options.map((option) => `${option}\0`).join(""));
};

/** Starts the chain and hands bubblewrap its options. */
const start = (
  words: readonly string[],
  options: Buffer,
  seccompFile: string | undefined,
  channel: boolean,
): ChildProcess => {
  const seccomp = seccompFile === undefined ? undefined : openSync(seccompFile, "r");
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH: PROGRAM_PATH },
    stdio: ["ignore", "pipe", "pipe", channel ? "pipe" : "ignore", "pipe", seccomp ?? "ignore", "pipe"],
  });
  if (seccomp !== undefined) closeSync(seccomp);
  for (const stream of child.stdio) stream?.on("error", () => undefined); // a broken pipe shows as the child's exit
  (child.stdio[ARGUMENTS_FD] as Duplex).end(options);
  return child;
};

/** The process number of the sandbox's own init, once bubblewrap has told it. */
const followInit = (child: ChildProcess): (() => number | undefined) => {
  let text = "";
  const info = (child.stdio as readonly (Readable | null)[])[INFO_FD];
  info?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => {
    const [, pid] = /"child-pid": (\d+)/.exec(text) ?? [];
    return pid === undefined ? undefined : Number(pid);
  };
};

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const follow = (child: ChildProcess, group: ControlGroup): SandboxedProcess => {
  const init = followInit(child);
  const exited = exitOf(child).then((exit) => {
    const memoryExceeded = group.memoryExceeded();
    void group.remove();
    return { ...exit, memoryExceeded };
  });
  // While the outer bubblewrap lives, its children's process numbers cannot be anybody else's.
  const toInit = (action: (pid: number) => void): boolean => {
    const pid = hasEnded(child) ? undefined : init();
    if (pid !== undefined) action(pid);
    return pid !== undefined;
  };
  return {
    child,
    channel: (child.stdio[3] ?? undefined) as Duplex | undefined,
    temporaryFolder: "",
    exited,
    setLimits: (limits) => group.apply(limits),
    terminate: (graceMilliseconds = GRACE_MILLISECONDS) =>
      terminate({
        ask: () => {
          toInit((pid) => {
            for (const worker of childrenOf(pid)) signalQuietly(worker, "SIGTERM");
          });
        },
        force: () => {
          if (!toInit((pid) => signalQuietly(pid, "SIGKILL"))) child.kill("SIGKILL");
        },
        ended: exited,
        graceMilliseconds,
      }),
  };
};

const warningsOf = ({ controllers }: ControlGroups, seccomp: boolean): string[] => [
  ...(controllers.memory
    ? []
    : ["memory is limited for each process, not for a whole worker: no writable memory cgroup"]),
  ...(controllers.cpu ? [] : ["processor time is not limited: no writable cpu cgroup"]),
  ...(controllers.pids ? [] : ["processes are limited by rlimit: no writable pids cgroup"]),
  ...(seccomp ? [] : [`system calls are not filtered: no filter for ${process.arch}`]),
];

const limitsOf = ({ controllers }: ControlGroups, seccomp: boolean): Record<string, string> => ({
  memory: controllers.memory ?? "rlimit data, for each process",
  cpu: controllers.cpu ?? "not limited",
  pids: controllers.pids ?? "rlimit nproc",
  disk: "tmpfs size",
  seccomp: seccomp ? "filter" : "none",
});

const prepare = async (options: SandboxOptions): Promise<Parts> => {
  const etc = (network: NetworkKind): Bind[] => makeEtc(options.stateDir, network);
  const program = seccompProgram(process.arch);
  const seccompFile = join(options.stateDir, "seccomp.bpf");
  if (program !== undefined) writeFileSync(seccompFile, program);
  return {
    groups: await openControlGroups(),
    networks: createNetworks({ ...options, allowHostServices: options.allowHostServices ?? [] }),
    staging: isRoot() ? await createStaging() : undefined,
    seccompFile: program === undefined ? undefined : seccompFile,
    etc: { isolated: etc("isolated"), none: etc("none"), host: etc("host") },
  };
};

/** The sandbox of bubblewrap. @throws Error when the staging namespace cannot be made. */
export const createBubblewrapSandbox = async (options: SandboxOptions): Promise<Sandbox> => {
  const parts = await prepare(options);
  let count = 0;
  return {
    mode: "bubblewrap",
    limits: limitsOf(parts.groups, parts.seccompFile !== undefined),
    warnings: warningsOf(parts.groups, parts.seccompFile !== undefined),
    pathOf: ({ target }) => target,
    spawn: async (command) => {
      const enter = await parts.networks.enter(command.network, command.organization);
      const bubblewrap = await optionsOf(parts, command);
      count += 1;
      const group = parts.groups.create(String(count));
      group.apply(command.limits);
      const words = chain(parts, command, group, enter);
      return follow(start(words, bubblewrap, parts.seccompFile, command.channel === true), group);
    },
    close: async () => {
      await Promise.all([parts.networks.close(), parts.staging?.close()]);
      await parts.groups.close();
    },
  };
};
